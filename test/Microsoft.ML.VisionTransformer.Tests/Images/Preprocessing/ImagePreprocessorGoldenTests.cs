// Preprocessing from file to values, compared with timm's evaluation transforms on Pillow.
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Preprocessing;

[TestClass]
public sealed class ImagePreprocessorGoldenTests
{
    private static readonly string[] _images =
    [
        "photo_640x480.png", "tall_333x500.png", "wide_1200x300.png", "tiny_37x91.png", "small_64x64.png", "square_224x224.png",
        "tall_333x500.jpg", "tiny_37x91.jpg", "square_224x224.jpg",
    ];

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("eval224_bicubic")]
    [DataRow("eval224_bilinear")]
    [DataRow("squash224_bicubic")]
    [DataRow("eval64_imagenet")]
    [DataRow("eval48x80_nonsquare")]
    [DataRow("border64_bicubic")]
    public void AllImagesAreResizedToTheSameBytes(string config)
    {
        using var transforms = JsonDocument.Parse(File.ReadAllText(GoldenPreprocessing.Path("transforms.json")));
        var results = transforms.RootElement.GetProperty("configs").GetProperty(config).GetProperty("images");
        var golden = SafetensorsFile.Read(GoldenPreprocessing.Path(config + ".safetensors"));
        var preprocessor = new ImagePreprocessor(GoldenPreprocessing.Settings(config));
        foreach (string image in _images)
        {
            var decoded = GoldenPreprocessing.Decode(image.EndsWith(".jpg", StringComparison.Ordinal) ? image + ".decoded.png" : image);
            byte[] actual = preprocessor.Fit(decoded).Pixels;
            if (golden.Has(image + ".uint8"))
                Assert.AreEqual(0, Differing(golden.Bytes(image + ".uint8"), actual), image);
            Assert.AreEqual(results.GetProperty(image).GetProperty("uint8_sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(actual)), image);
        }
    }

    [TestMethod]
    [DataRow("eval224_bicubic")]
    [DataRow("eval64_imagenet")]
    [DataRow("eval48x80_nonsquare")]
    [DataRow("border64_bicubic")]
    public void JpegFilesAreWithinTwoLevelsOf255(string config)
    {
        // The decoder may use a different release of libjpeg-turbo than Pillow.
        var golden = SafetensorsFile.Read(GoldenPreprocessing.Path(config + ".safetensors"));
        var preprocessor = new ImagePreprocessor(GoldenPreprocessing.Settings(config));
        foreach (string image in new[] { "tall_333x500.jpg", "tiny_37x91.jpg", "square_224x224.jpg" })
        {
            byte[] actual = preprocessor.Fit(GoldenPreprocessing.Decode(image)).Pixels, expected = golden.Bytes(image + ".uint8");
            double fraction = expected.Zip(actual, (e, a) => Math.Abs(e - a) <= 2 ? 1.0 : 0).Average();
            TestContext.WriteLine($"{config} {image}: {fraction:P3} within 2, {Differing(expected, actual)} of {expected.Length} bytes differ");
            Assert.IsGreaterThanOrEqualTo(0.999, fraction, image);
        }
    }

    [TestMethod]
    [DataRow("border64_bicubic")]
    [DataRow("eval48x80_nonsquare")]
    [DataRow("eval64_imagenet")]
    public void EveryByteValueBecomesTheSameNumber(string config)
    {
        float[] table = SafetensorsFile.Read(GoldenPreprocessing.Path(config + ".safetensors")).Floats("normalise_lut");
        var preprocessor = new ImagePreprocessor(GoldenPreprocessing.Settings(config) with { Size = (1, 256) });
        byte[] ramp = [.. Enumerable.Range(0, 256 * 3).Select(i => (byte)(i / 3))];
        float[] actual = new float[3 * 256];

        preprocessor.Normalize(new RgbImage(256, 1, ramp), actual);

        AssertClose(table, actual);
    }

    [TestMethod]
    [DataRow("eval64_imagenet", "tall_333x500.png")]
    [DataRow("eval64_imagenet", "tiny_37x91.png")]
    public void ValuesAreTimms(string config, string image)
    {
        float[] expected = SafetensorsFile.Read(GoldenPreprocessing.Path(config + ".safetensors")).Floats(image + ".float32");
        var preprocessor = new ImagePreprocessor(GoldenPreprocessing.Settings(config));
        float[] actual = new float[preprocessor.Length];

        preprocessor.Normalize(preprocessor.Fit(GoldenPreprocessing.Decode(image)), actual);

        AssertClose(expected, actual);
    }

    private static int Differing(byte[] expected, byte[] actual)
    {
        Assert.HasCount(expected.Length, actual);
        return expected.Zip(actual).Count(pair => pair.First != pair.Second);
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.HasCount(expected.Length, actual);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], 1e-6f, $"number {i}");
    }
}
