// Preprocessing of raw pixels in ONNX Runtime: every value of the network's input equals this library's.
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Onnx.Export;
using Microsoft.ML.VisionTransformer.Onnx.Format;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Onnx.Export;

[TestClass]
public sealed class PreprocessingPartTests
{
    /// <summary>Image sizes: larger than, smaller than and equal to the input, narrow, and a single pixel.</summary>
    private static readonly (int Width, int Height)[] _sizes = [(61, 47), (47, 61), (16, 16), (24, 16), (9, 7), (200, 3), (1, 1), (131, 260)];

    public static IEnumerable<(ImageResizing Resizing, ImageInterpolation Interpolation)> Modes =>
        Enum.GetValues<ImageResizing>().SelectMany(_ => Enum.GetValues<ImageInterpolation>(), (resizing, kernel) => (resizing, kernel));

    [TestMethod]
    [DynamicData(nameof(Modes))]
    public void EveryValueIsEqual(ImageResizing resizing, ImageInterpolation interpolation) =>
        AssertEqual(new ImagePreprocessing { Size = 16, CropFraction = 0.9, Resizing = resizing, Interpolation = interpolation });

    [TestMethod]
    [DynamicData(nameof(Modes))]
    public void EveryValueIsEqual_WhereTheInputIsNotSquare(ImageResizing resizing, ImageInterpolation interpolation) => AssertEqual(new ImagePreprocessing
    {
        Size = (12, 20),
        CropFraction = 0.875,
        Resizing = resizing,
        Interpolation = interpolation,
        Mean = new(0.485f, 0.456f, 0.406f),
        StandardDeviation = new(0.229f, 0.224f, 0.225f),
    });

    [TestMethod]
    public void EveryValueIsEqual_WhereTheInputIsGray() =>
        AssertEqual(new ImagePreprocessing { Size = 16, Mean = new(0.4f), StandardDeviation = new(0.3f) });

    [TestMethod]
    public void SeveralImagesOfOneSizeAreResizedAtOnce()
    {
        var settings = new ImagePreprocessing { Size = 8 };
        using var work = new TemporaryFolder();
        using var run = new OnnxRun(Write(work, settings));
        RgbImage[] images = [PaintedImage.Gradient(20, 13), new(20, 13, new byte[20 * 13 * 3])];

        float[] found = run.Run([.. images.SelectMany(i => i.Pixels)], [2, 13, 20, 3]);

        CollectionAssert.AreEqual(images.SelectMany(image => Expected(settings, image)).ToArray(), found);
    }

    private static void AssertEqual(ImagePreprocessing settings)
    {
        using var work = new TemporaryFolder();
        using var run = new OnnxRun(Write(work, settings));
        foreach (var (width, height) in _sizes)
        {
            var image = PaintedImage.Gradient(width, height);
            float[] found = run.Run(image.Pixels, [1, height, width, RgbImage.Channels]);
            CollectionAssert.AreEqual(Expected(settings, image), found, $"{width} x {height}");
        }
    }

    private static string Write(TemporaryFolder work, ImagePreprocessing settings)
    {
        string path = work.File("preprocess.onnx");
        var graph = new GraphBuilder(OnnxExport.OperatorSet);
        string input = new PreprocessingPart(graph, settings).Emit(graph.Input("image", OnnxType.UInt8, "batch", "height", "width", 3));
        graph.Output(input, "input", OnnxType.Float32, "batch", settings.Mean.Count, settings.Size.Height, settings.Size.Width);
        OnnxFile.Write(path, graph.Build(), new Dictionary<string, string> { [OnnxMetadata.Version] = "0" }, external: false);
        return path;
    }

    private static float[] Expected(ImagePreprocessing settings, RgbImage image)
    {
        var converter = new ImagePreprocessor(settings);
        float[] input = new float[converter.Length];
        converter.ForPrediction(image, input);
        return input;
    }
}
