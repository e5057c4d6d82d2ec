// A pretrained ViT-Ti on 200 photos: ONNX files of each kind, compared with the library.
using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Onnx.Export;

[TestClass]
public sealed class OnnxPhotosTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public void RequireModelAndImages()
    {
        Requires.SlowTests();
        Requires.OptionalData();
    }

    [TestMethod]
    public void RawPixelsGiveTheLibrarysAnswers() =>
        Compare(new OnnxExportOptions { Input = OnnxInput.RawRgb }, agreed: 200, difference: 1e-4, size: 1.01);

    [TestMethod]
    public void Floats32GiveTheLibrarysAnswers() =>
        Compare(new OnnxExportOptions(), agreed: 200, difference: 1e-4, size: 1.01);

    [TestMethod]
    public void Floats16AgreeInHalfTheSize() =>
        Compare(new OnnxExportOptions { Precision = OnnxPrecision.Float16 }, agreed: 199, difference: 0.02, size: 0.51);

    [TestMethod]
    public void IntegersAgreeInAQuarterOfTheSize() =>
        Compare(new OnnxExportOptions { Precision = OnnxPrecision.Int8 }, agreed: 190, difference: 0.5, size: 0.28);

    private void Compare(OnnxExportOptions options, int agreed, double difference, double size)
    {
        var context = new MLContext();
        string weights = OptionalData.PretrainedModel;
        using var model = context.Model.LoadVisionTransformer(weights, "ImagePath", options: new() { Device = "cpu" });
        var data = context.Data.LoadImagesFromFolder(OptionalData.TinyImageNet);
        string[] paths = [.. data.GetColumn<string>("ImagePath")];
        float[][] expected = [.. model.Transform(data).GetColumn<float[]>("Score")];
        using var work = new TemporaryFolder();
        string path = work.File("model.onnx");
        model.SaveAsOnnx(path, options);
        using var run = new OnnxRun(path);
        var converter = new ImagePreprocessor(model.Preprocessing);

        int same = 0;
        double largest = 0;
        for (int i = 0; i < paths.Length; i++)
        {
            float[] found = Score(run, paths[i], options.Input, converter);
            same += Array.IndexOf(found, found.Max()) == Array.IndexOf(expected[i], expected[i].Max()) ? 1 : 0;
            largest = Math.Max(largest, found.Zip(expected[i], (a, b) => Math.Abs(a - b)).Max());
        }

        double fraction = new FileInfo(path).Length / (double)new FileInfo(Path.Combine(weights, "model.safetensors")).Length;
        TestContext.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"top-1 {same} of {paths.Length}, largest probability difference {largest:g3}, size {fraction:f3} of the weights"));
        Assert.HasCount(200, paths);
        Assert.IsGreaterThanOrEqualTo(agreed, same);
        Assert.IsLessThanOrEqualTo(difference, largest);
        Assert.IsLessThanOrEqualTo(size, fraction);
    }

    private static float[] Score(OnnxRun run, string path, OnnxInput input, ImagePreprocessor converter)
    {
        var image = ImageFile.Decode(path, path);
        if (input == OnnxInput.RawRgb)
            return run.Run(image.Pixels, [1, image.Height, image.Width, RgbImage.Channels]);
        float[] values = new float[converter.Length];
        converter.ForPrediction(image, values);
        return run.Run(values, [1, 3, 224, 224]);
    }
}
