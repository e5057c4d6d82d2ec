// Geometry, gray input, defaults and validation of the preprocessing.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Augmentation;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Preprocessing;

[TestClass]
public sealed class ImagePreprocessorTests
{
    [TestMethod]
    [DataRow(1, 5000, ImageResizing.CenterCrop)]
    [DataRow(5000, 1, ImageResizing.CenterCrop)]
    [DataRow(1, 5000, ImageResizing.Pad)]
    [DataRow(5000, 1, ImageResizing.Pad)]
    [DataRow(5000, 1, ImageResizing.Squash)]
    public void ASlenderImageTakesNoMemoryForWhatIsCroppedAway(int width, int height, ImageResizing resizing)
    {
        var preprocessor = new ImagePreprocessor(new ImagePreprocessing { Resizing = resizing });
        var image = new RgbImage(width, height);
        Array.Fill(image.Pixels, (byte)77);
        long before = GC.GetAllocatedBytesForCurrentThread();

        var fitted = preprocessor.Fit(image);

        Assert.IsLessThan(20_000_000L, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.AreEqual((224, 224), (fitted.Width, fitted.Height));
        Assert.AreEqual(77, fitted.Row(111)[111 * 3]);
    }

    [TestMethod]
    [DataRow(5, 2, DisplayName = "1.5 becomes 2")]
    [DataRow(7, 2, DisplayName = "2.5 becomes 2")]
    [DataRow(8, 3, DisplayName = "3 stays 3")]
    public void CenterCrop_HalfAPixelIsRoundedToEven(int width, int left)
    {
        var image = PaintedImage.Gradient(width, 2);
        var fitted = new ImagePreprocessor(new ImagePreprocessing { Size = 2, CropFraction = 1 }).Fit(image);
        CollectionAssert.AreEqual(image.Row(0).Slice(left * 3, 6).ToArray(), fitted.Row(0).ToArray());
    }

    [TestMethod]
    public void Pad_FillsWithTheMeanColor()
    {
        var settings = new ImagePreprocessing { Size = (4, 6), CropFraction = 1, Resizing = ImageResizing.Pad, Mean = new(0.5f, 0.2f, 1f) };
        var fitted = new ImagePreprocessor(settings).Fit(PaintedImage.GrayRow(9, 9, 9, 9, 9, 9));
        // One row of six in four: padding above is rounded down. 127.5 is rounded to even.
        CollectionAssert.AreEqual(new byte[] { 128, 51, 255 }, fitted.Row(0)[..3].ToArray());
        CollectionAssert.AreEqual(new byte[] { 9, 9, 9 }, fitted.Row(1)[..3].ToArray());
        CollectionAssert.AreEqual(new byte[] { 128, 51, 255 }, fitted.Row(2)[..3].ToArray());
    }

    [TestMethod]
    public void Normalize_PutsOneChannelAfterTheOther()
    {
        var settings = new ImagePreprocessing { Size = (1, 2), Mean = new(0f, 1f, 0.5f), StandardDeviation = new(1f, 1f, 0.5f) };
        float[] values = new float[6];
        new ImagePreprocessor(settings).Normalize(new RgbImage(2, 1, [0, 51, 255, 255, 255, 0]), values);
        CollectionAssert.AreEqual(new[] { 0f, 1f, 0.2f - 1f, 0f, 1f, -1f }, values);
    }

    [TestMethod]
    [DataRow(255, 0, 0, 76)]
    [DataRow(0, 255, 0, 150)]
    [DataRow(0, 0, 255, 29)]
    [DataRow(200, 200, 200, 200)]
    public void OneMeanMakesGrayInput(int red, int green, int blue, int luma)
    {
        var settings = new ImagePreprocessing { Size = (1, 1), Mean = new(0f), StandardDeviation = new(1f) };
        float[] number = new float[1];
        new ImagePreprocessor(settings).Normalize(new RgbImage(1, 1, [(byte)red, (byte)green, (byte)blue]), number);
        Assert.AreEqual(luma / 255f, number[0]);
    }

    [TestMethod]
    [DataRow(224, 0.9)]
    [DataRow(64, 0.9)]
    [DataRow(384, 1.0)]
    [DataRow(512, 1.0)]
    public void For_UnknownName_GivesTheOriginalsSettings(int size, double cropFraction)
    {
        var settings = ImagePreprocessing.For(new VisionTransformerArchitecture { Name = "unknown", ImageSize = size });
        Assert.AreEqual(new ImagePreprocessing { Size = size, CropFraction = cropFraction }, settings);
    }

    [TestMethod]
    public void For_GrayNetwork_HasOneMean() =>
        Assert.AreEqual(new ChannelValues(0.5f), ImagePreprocessing.For(new VisionTransformerArchitecture { Channels = 1 }).Mean);

    [TestMethod]
    [DataRow(double.NaN)]
    [DataRow(0.0)]
    [DataRow(1.1)]
    public void Check_CropFraction_IsNamed(double value)
    {
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ImagePreprocessing { CropFraction = value }.Check());
        StringAssert.Contains(error.Message, "CropFraction");
    }

    [TestMethod]
    public void Check_RefusesWhatCannotBePrepared()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ImagePreprocessing { Size = (0, 5) }.Check());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ImagePreprocessing { Resizing = (ImageResizing)9 }.Check());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ImagePreprocessing { StandardDeviation = new(1f, 0f, 1f) }.Check());
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ImagePreprocessing { Mean = new(1f, float.NaN, 1f) }.Check());
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new ImagePreprocessing { Mean = new(1f) }.Check()).Message, "Mean has 1 values");
    }

    [TestMethod]
    public void Normalize_WrongSizes_AreNamed()
    {
        var preprocessor = new ImagePreprocessor(new ImagePreprocessing { Size = (5, 7) });
        var image = Assert.ThrowsExactly<ArgumentException>(() => preprocessor.Normalize(new RgbImage(5, 7), new float[105]));
        StringAssert.Contains(image.Message, "7x5; the network's size is 5x7");
        var length = Assert.ThrowsExactly<ArgumentException>(() => preprocessor.Normalize(new RgbImage(7, 5), new float[104]));
        StringAssert.Contains(length.Message, "104 values; at least 105");
    }

    [TestMethod]
    public void ThreadsDoNotDisturbEachOther()
    {
        var settings = new ImagePreprocessing { Size = (11, 13) };
        var toInput = new ImagePreprocessor(settings, new AugmentationPipeline(settings));
        var images = Enumerable.Range(20, 40).Select(i => PaintedImage.Gradient(i, 83 - i)).ToArray();
        float[][] one = [.. images.Select(Both)], many = [.. images.AsParallel().AsOrdered().WithDegreeOfParallelism(4).Select(Both)];
        for (int i = 0; i < images.Length; i++)
            CollectionAssert.AreEqual(one[i], many[i]);

        float[] Both(RgbImage image)
        {
            float[] values = new float[2 * toInput.Length];
            toInput.ForPrediction(image, values.AsSpan(0, toInput.Length));
            toInput.ForTraining(image, RandomStream.For(1, image.Width), values.AsSpan(toInput.Length));
            return values;
        }
    }

    [TestMethod]
    public void ThePartsAreTheOnesTestedElsewhere()
    {
        var image = PaintedImage.Gradient(47, 31);
        var settings = new ImagePreprocessing { Size = (11, 13) };
        var preprocessor = new ImagePreprocessor(settings, new AugmentationPipeline(settings));
        float[] expected = new float[3 * 11 * 13], actual = new float[3 * 11 * 13];

        preprocessor.Normalize(new AugmentationPipeline(settings).Apply(image, RandomStream.For(1)), expected);
        preprocessor.ForTraining(image, RandomStream.For(1), actual);

        CollectionAssert.AreEqual(expected, actual);
    }
}
