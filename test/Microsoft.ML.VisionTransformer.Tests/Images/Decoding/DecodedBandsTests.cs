// Large images decoded in bands: the pixels, the errors and the network input of images that are decoded at once, in less memory.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Augmentation;
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Tests.Support;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Decoding;

[TestClass]
public sealed class DecodedBandsTests
{
    private static readonly ImageDecoding _inBands = new() { PixelsDecodedAtOnce = 0 }, _atOnce = new() { PixelsDecodedAtOnce = int.MaxValue };

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(4)]
    [DataRow(5)]
    [DataRow(6)]
    [DataRow(7)]
    [DataRow(8)]
    public void AJpegOfAnyOrientationHasTheSamePixels(int orientation)
    {
        byte[] file = WithOrientation(PaintedImage.Encode(PaintedImage.Gradient(700, 801), SKEncodedImageFormat.Jpeg), (byte)orientation);

        CollectionAssert.AreEqual(ImageDecoder.Decode(file, "image", _atOnce).Pixels, ImageDecoder.Decode(file, "image", _inBands).Pixels);
        int half(int width, int height) => 2;
        CollectionAssert.AreEqual(
            ImageDecoder.Decode(file, "image", _atOnce with { Reduction = half }).Pixels, ImageDecoder.Decode(file, "image", _inBands with { Reduction = half }).Pixels);
    }

    [TestMethod]
    [DataRow(SKEncodedImageFormat.Jpeg)]
    [DataRow(SKEncodedImageFormat.Png)]
    [DataRow(SKEncodedImageFormat.Webp)]
    public void ABrokenFileHasTheSameError(SKEncodedImageFormat format)
    {
        byte[] whole = PaintedImage.Encode(PaintedImage.Gradient(300, 203), format);
        foreach (int percent in new[] { 20, 50, 90 })
        {
            byte[] cut = whole[..(whole.Length * percent / 100)];
            StringAssert.StartsWith(Outcome(cut, _atOnce), "image is a ");
            Assert.AreEqual(Outcome(cut, _atOnce), Outcome(cut, _inBands), $"{percent} %");
            Assert.AreEqual(
                Outcome(cut, _atOnce with { AllowTruncated = true }), Outcome(cut, _inBands with { AllowTruncated = true }), $"{percent} %, accepted as a partial image");
        }
    }

    [TestMethod]
    public void EveryFileOfTheCollectionHasTheSameOutcome()
    {
        using var images = new BadImages();
        foreach (string path in images.Entries.Select(e => Path.Combine(images.Folder, e.GetProperty("file").GetString()!)).Where(File.Exists))
            Assert.AreEqual(Outcome(File.ReadAllBytes(path), _atOnce), Outcome(File.ReadAllBytes(path), _inBands), path);
    }

    [TestMethod]
    [DataRow(SKEncodedImageFormat.Jpeg, ImageResizing.CenterCrop)]
    [DataRow(SKEncodedImageFormat.Png, ImageResizing.CenterCrop)]
    [DataRow(SKEncodedImageFormat.Png, ImageResizing.Squash)]
    [DataRow(SKEncodedImageFormat.Png, ImageResizing.Pad)]
    [DataRow(SKEncodedImageFormat.Webp, ImageResizing.CenterCrop)]
    public void TheNetworkSeesTheSame(SKEncodedImageFormat format, ImageResizing resizing)
    {
        var settings = new ImagePreprocessing { Size = (40, 32), Resizing = resizing, ScaledDecoding = false };
        var converter = new ImagePreprocessor(settings, new AugmentationPipeline(settings));
        byte[] file = PaintedImage.Encode(PaintedImage.Gradient(1999, 1203), format);
        var whole = ImageDecoder.Decode(file, "whole", _atOnce);
        float[] expected = new float[converter.Length], actual = new float[converter.Length];

        converter.ForPrediction(whole, expected);
        new EncodedImageSource(file, "image").Fill(converter, null, actual);
        CollectionAssert.AreEqual(expected, actual, "prediction");

        converter.ForTraining(whole, RandomStream.For(1, 2), expected);
        new EncodedImageSource(file, "image").Fill(converter, RandomStream.For(1, 2), actual);
        CollectionAssert.AreEqual(expected, actual, "training");
    }

    [TestMethod]
    public void ALargePngTakesTheMemoryOfItsBands()
    {
        var png = new RawPng(6000, 6000, ColorType: 2, BitDepth: 8);
        byte[] file = png.Encode(new byte[png.Height * (1 + png.RowBytes)]);
        var converter = new ImagePreprocessor(new ImagePreprocessing());
        float[] input = new float[converter.Length];
        long before = GC.GetAllocatedBytesForCurrentThread();

        new EncodedImageSource(file, "image").Fill(converter, null, input);

        // 36 million pixels are 108 MB. The bands take 2 MB, and the rows after the first pass of the resize 4.5 MB.
        Assert.IsLessThan(16_000_000L, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string Outcome(byte[] file, ImageDecoding decoding)
    {
        try
        {
            var image = ImageDecoder.Decode(file, "image", decoding);
            return $"{image.Width} x {image.Height} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(image.Pixels))}";
        }
        catch (InvalidImageException e)
        {
            return e.Message;
        }
    }

    private static byte[] WithOrientation(byte[] jpeg, byte orientation)
    {
        byte[] exif = [.. "Exif\0\0II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0];
        return [.. jpeg[..2], 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, .. jpeg[2..]];
    }
}
