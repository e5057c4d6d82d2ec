// Decoding of large JPEGs at a fraction of their size: the conditions, and the small effect on the result.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Augmentation;
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Tests.Support;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Decoding;

[TestClass]
public sealed class ScaledDecodingTests
{
    private static readonly byte[] _photo = Paint(797, 603);

    [TestMethod]
    [DataRow(448, 448, 1, DisplayName = "twice the size")]
    [DataRow(895, 2000, 1)]
    [DataRow(896, 2000, 2)]
    [DataRow(1792, 1792, 4)]
    [DataRow(2000, 1791, 2)]
    [DataRow(3584, 3584, 8)]
    [DataRow(100_000, 100_000, 8)]
    public void TwiceTheResultIsLeftAlongBothSides(int width, int height, int divisor) =>
        Assert.AreEqual(divisor, ImageReduction.Of(width, height, 224, 224));

    [TestMethod]
    [DataRow(1.0, ImageResizing.CenterCrop, 4)]
    [DataRow(0.5, ImageResizing.CenterCrop, 2, DisplayName = "a crop of a half: the whole image is resized to twice the size")]
    [DataRow(0.5, ImageResizing.Squash, 4)]
    [DataRow(1.0, ImageResizing.Pad, 4)]
    public void TheCropCounts(double cropFraction, ImageResizing resizing, int divisor)
    {
        var preprocessor = new ImagePreprocessor(new ImagePreprocessing { CropFraction = cropFraction, Resizing = resizing });
        Assert.AreEqual(divisor, preprocessor.Decoding(null).Reduction!(1800, 1800));
    }

    [TestMethod]
    [DataRow(ImageResizing.CenterCrop)]
    [DataRow(ImageResizing.Squash)]
    [DataRow(ImageResizing.Pad)]
    public void PredictionSeesNearlyTheSame(ImageResizing resizing)
    {
        float[][] inputs = [.. Inputs(new ImagePreprocessing { Size = (40, 32), Resizing = resizing }, random: () => null)];
        AssertClose(inputs[0], inputs[1]);
    }

    [TestMethod]
    public void TrainingSeesNearlyTheSameCrop()
    {
        for (int row = 0; row < 20; row++)
        {
            float[][] inputs = [.. Inputs(new ImagePreprocessing { Size = 32 }, () => RandomStream.For(1, row))];
            // The crop starts at a whole pixel of the decoded image: up to a quarter of a pixel away from that of full decoding.
            AssertClose(inputs[0], inputs[1], most: 6);
        }
    }

    [TestMethod]
    public void ATurnedImageIsReducedToo()
    {
        byte[] file = WithOrientation(_photo, 6);
        var image = ImageDecoder.Decode(file, "turned", new ImageDecoding { Reduction = (width, height) => width == 603 && height == 797 ? 4 : 1 });

        Assert.AreEqual((151, 200, 603, 797), (image.Width, image.Height, image.OriginalWidth, image.OriginalHeight));
    }

    [TestMethod]
    public void OtherFormatsAreDecodedInFull()
    {
        byte[] file = PaintedImage.Encode(PaintedImage.Gradient(64, 64), SKEncodedImageFormat.Png);
        Assert.AreEqual(64, ImageDecoder.Decode(file, "png", new ImageDecoding { Reduction = (_, _) => 8 }).Width);
    }

    [TestMethod]
    public void ATruncatedFileIsStillNoticed()
    {
        byte[] file = _photo;
        Assert.ThrowsExactly<InvalidImageException>(() => ImageDecoder.Decode(file.AsSpan(0, file.Length * 9 / 10), "cut", new ImageDecoding { Reduction = (_, _) => 8 }));
    }

    /// <summary>The network's input by full and by scaled decoding.</summary>
    private static IEnumerable<float[]> Inputs(ImagePreprocessing settings, Func<RandomStream?> random)
    {
        var source = new EncodedImageSource(_photo, "photo");
        foreach (bool scaled in new[] { false, true })
        {
            var converter = new ImagePreprocessor(settings with { ScaledDecoding = scaled }, new AugmentationPipeline(settings));
            float[] input = new float[converter.Length];
            source.Fill(converter, random(), input);
            yield return input;
        }
    }

    private static void AssertClose(float[] full, float[] scaled, double most = 2.5)
    {
        CollectionAssert.AreNotEqual(full, scaled, "it was decoded at a fraction");
        double mean = full.Zip(scaled, (f, s) => Math.Abs(f - s)).Average() * 127.5;
        Assert.IsLessThan(most, mean, "mean difference in levels of 255");
    }

    /// <summary>Smooth shapes with edges, similar to photos.</summary>
    private static byte[] Paint(int width, int height)
    {
        var image = new RgbImage(width, height);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                var pixel = image.Row(y).Slice(3 * x, 3);
                pixel[0] = (byte)(128 + 100 * Math.Sin(x / 40.0) * Math.Cos(y / 31.0));
                pixel[1] = (byte)((x - 400) * (x - 400) + (y - 300) * (y - 300) < 40_000 ? 200 : 60);
                pixel[2] = (byte)(x * 255 / width);
            }
        }

        return PaintedImage.Encode(image, SKEncodedImageFormat.Jpeg);
    }

    private static byte[] WithOrientation(byte[] jpeg, byte orientation)
    {
        byte[] exif = [.. "Exif\0\0II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0];
        return [.. jpeg[..2], 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, .. jpeg[2..]];
    }
}
