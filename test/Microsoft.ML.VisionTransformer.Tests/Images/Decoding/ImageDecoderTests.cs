// Decoding of image formats, alpha, orientation, and files that are rejected.
using System.Buffers.Binary;
using System.Text;
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Tests.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Tests.Support;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Decoding;

[TestClass]
public sealed class ImageDecoderTests
{
    [TestMethod]
    [DataRow("grey.png")]
    [DataRow("grey_alpha.png")]
    [DataRow("rgba.png")]
    [DataRow("palette.png")]
    [DataRow("palette_transparent.png")]
    [DataRow("one_bit.png")]
    [DataRow("rgb.bmp")]
    [DataRow("grey.jpg")]
    [DataRow("cmyk.jpg")]
    public void AFileIsWhatPillowMakesOfIt(string file) =>
        CollectionAssert.AreEqual(Golden(file), GoldenPreprocessing.Decode("decode", file).Pixels);

    [TestMethod]
    public void TheExifOrientationIsApplied()
    {
        byte[] stored = Golden("exif_orientation_6.jpg");    // 30 rows of 40; orientation 6 is displayed rotated clockwise
        var upright = GoldenPreprocessing.Decode("decode", "exif_orientation_6.jpg");

        Assert.AreEqual((30, 40), (upright.Width, upright.Height));
        for (int y = 0; y < 40; y++)
        {
            for (int x = 0; x < 30; x++)
                CollectionAssert.AreEqual(stored.AsSpan(((29 - x) * 40 + y) * 3, 3).ToArray(), upright.Row(y).Slice(x * 3, 3).ToArray(), $"{x}, {y}");
        }
    }

    [TestMethod]
    public void TheExifOrientationOfWebPIsApplied()
    {
        var upright = ImageDecoder.Decode(WithOrientation(PaintedImage.Encode(PaintedImage.Gradient(7, 5), SKEncodedImageFormat.Webp), 6), "turned.webp");
        Assert.AreEqual((5, 7), (upright.Width, upright.Height));
    }

    [TestMethod]
    [DataRow(SKEncodedImageFormat.Png)]
    [DataRow(SKEncodedImageFormat.Webp)]
    public void AlphaIsDroppedAndNotBlended(SKEncodedImageFormat format)
    {
        var image = PaintedImage.Gradient(13, 7);
        var decoded = ImageDecoder.Decode(PaintedImage.Encode(image, format, alpha: 3), "image");
        if (format == SKEncodedImageFormat.Png)
            CollectionAssert.AreEqual(image.Pixels, decoded.Pixels);
        else
            Assert.IsLessThan(40, image.Pixels.Zip(decoded.Pixels, (e, a) => Math.Abs(e - a)).Average(), "lossy, but no blending");
    }

    [TestMethod]
    public void ATransparentPixelOfAGifHasThePalettesColor()
    {
        // One pixel of index 0, which is declared transparent; the palette is white, black.
        byte[] gif = Convert.FromBase64String("R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==");
        CollectionAssert.AreEqual(new byte[] { 255, 255, 255 }, ImageDecoder.Decode(gif, "1x1.gif").Pixels);
    }

    [TestMethod]
    [DataRow(false, new byte[] { 9, 8, 7 }, DisplayName = "without transparency: the first color")]
    [DataRow(true, new byte[] { 1, 2, 3 }, DisplayName = "with transparency: the transparent color")]
    public void WhatAGifsFrameLeavesOpenHasAColorOfThePalette(bool transparent, byte[] expected)
    {
        byte[] control = transparent ? [0x21, 0xF9, 4, 1, 0, 0, 1, 0] : [];
        byte[] gif = [.. "GIF89a"u8, 2, 0, 1, 0, 0x80, 0, 0, 9, 8, 7, 1, 2, 3, .. control, 0x2C, 1, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B];

        CollectionAssert.AreEqual(expected, ImageDecoder.Decode(gif, "2x1.gif").Pixels[..3]);
    }

    [TestMethod]
    public void AnImageOfMoreThanMaxPixelsIsRefused()
    {
        byte[] file = PaintedImage.Encode(PaintedImage.Gradient(7, 5), SKEncodedImageFormat.Png);

        ImageDecoder.Decode(file, "35", new ImageDecoding { MaxPixels = 35 });
        var error = Assert.ThrowsExactly<InvalidImageException>(() => ImageDecoder.Decode(file, "35", new ImageDecoding { MaxPixels = 34 }));

        StringAssert.Contains(error.Message, "35 declares 7 x 5 pixels; at most 34");
    }

    [TestMethod]
    [DataRow(SKEncodedImageFormat.Jpeg)]
    [DataRow(SKEncodedImageFormat.Png)]
    [DataRow(SKEncodedImageFormat.Webp)]
    public void ATruncatedFileIsTakenWhereThatIsAllowed(SKEncodedImageFormat format)
    {
        var image = PaintedImage.Gradient(97, 160);
        byte[] whole = PaintedImage.Encode(image, format), part = whole[..(whole.Length * 3 / 4)];
        var allowed = new ImageDecoding { AllowTruncated = true };

        byte[] pixels = ImageDecoder.Decode(part, "cut", allowed).Pixels, again = ImageDecoder.Decode(part, "cut", allowed).Pixels;

        CollectionAssert.AreEqual(ImageDecoder.Decode(whole, "whole").Pixels[..(97 * 32 * 3)], pixels[..(97 * 32 * 3)], "what is there");
        CollectionAssert.AreEqual(pixels, again, "and the rest is the same every time");
        Assert.Contains("AllowTruncated", Assert.ThrowsExactly<InvalidImageException>(() => ImageDecoder.Decode(part, "cut")).Message);
    }

    [TestMethod]
    public void AFileCutInItsHeaderIsRefusedEvenSo()
    {
        byte[] whole = PaintedImage.Encode(PaintedImage.Gradient(97, 61), SKEncodedImageFormat.Png);
        Assert.ThrowsExactly<InvalidImageException>(() => ImageDecoder.Decode(whole.AsSpan(0, 20), "cut", new ImageDecoding { AllowTruncated = true }));
    }

    [TestMethod]
    [DataRow("", "is empty")]
    [DataRow("<!DOCTYPE html><html><body>404 Not Found</body></html>", "HTML")]
    [DataRow("{\"error\": \"not found\"}", "it is text")]
    [DataRow("<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG")]
    [DataRow("%PDF-1.4", "PDF")]
    [DataRow("\u0001\u0002\u0003", "not in a known format")]
    public void OtherContentIsNamed(string content, string expected)
    {
        var error = Assert.ThrowsExactly<InvalidImageException>(() => ImageDecoder.Decode(Encoding.Latin1.GetBytes(content), "roses/1.jpg (row 7)"));
        StringAssert.StartsWith(error.Message, "roses/1.jpg (row 7) ");
        StringAssert.Contains(error.Message, expected);
    }

    [TestMethod]
    [DataRow(SKEncodedImageFormat.Jpeg, 50)]
    [DataRow(SKEncodedImageFormat.Jpeg, 95)]
    [DataRow(SKEncodedImageFormat.Png, 50)]
    [DataRow(SKEncodedImageFormat.Png, 80)]
    [DataRow(SKEncodedImageFormat.Webp, 50)]
    [DataRow(SKEncodedImageFormat.Webp, 95)]
    public void ATruncatedFileIsRefused(SKEncodedImageFormat format, int percent)
    {
        byte[] whole = PaintedImage.Encode(PaintedImage.Gradient(97, 61), format);
        byte[] part = whole[..(whole.Length * percent / 100)];
        var error = Assert.ThrowsExactly<InvalidImageException>(() => ImageDecoder.Decode(part, "cut"));
        StringAssert.Contains(error.Message, format.ToString().ToUpperInvariant(), StringComparison.OrdinalIgnoreCase);
    }

    [TestMethod]
    [DataRow(SKEncodedImageFormat.Jpeg)]
    [DataRow(SKEncodedImageFormat.Png)]
    [DataRow(SKEncodedImageFormat.Webp)]
    public void EveryPrefixOfAFileIsRefusedOrTheWholeImage(SKEncodedImageFormat format) =>
        AssertPrefixesAreRefusedOrWhole(PaintedImage.Encode(PaintedImage.Gradient(19, 13), format));

    [TestMethod]
    [DataRow("rgb.bmp")]
    [DataRow("palette.png")]
    [DataRow("exif_orientation_6.jpg")]
    public void EveryPrefixOfAFileIsRefusedOrTheWholeImage(string file) =>
        AssertPrefixesAreRefusedOrWhole(File.ReadAllBytes(GoldenPreprocessing.Path("decode", file)));

    [TestMethod]
    public void AHugeImageIsRefusedBeforeMemoryIsTaken()
    {
        byte[] bmp = new byte[354];
        "BM"u8.CopyTo(bmp);
        foreach (var (offset, value) in new[] { (2, 354), (10, 54), (14, 40), (18, 60_000), (22, 60_000), (26, 1 + (24 << 16)) })
            BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(offset), value);
        long before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.ThrowsExactly<InvalidImageException>(() => ImageDecoder.Decode(bmp, "bomb.bmp"));

        Assert.IsLessThan(1_000_000L, GC.GetAllocatedBytesForCurrentThread() - before);
        StringAssert.Contains(error.Message, "60000 x 60000 pixels; at most 178,956,970");
    }

    private static void AssertPrefixesAreRefusedOrWhole(byte[] file)
    {
        byte[] whole = ImageDecoder.Decode(file, "whole").Pixels;
        for (int length = 0; length < file.Length; length++)
        {
            try
            {
                CollectionAssert.AreEqual(whole, ImageDecoder.Decode(file.AsSpan(0, length), "prefix").Pixels, $"{length} of {file.Length} bytes");
            }
            catch (InvalidImageException)
            {
                // Rejected, as expected.
            }
        }
    }

    /// <summary>A simple WebP file of 7x5 in the extended layout: the chunks VP8X, image data and EXIF.</summary>
    private static byte[] WithOrientation(byte[] webp, byte orientation)
    {
        byte[] header = [.. "VP8X"u8, 10, 0, 0, 0, 8, 0, 0, 0, 6, 0, 0, 4, 0, 0];
        byte[] exif = [.. "EXIF"u8, 26, 0, 0, 0, .. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0];
        byte[] file = [.. webp[..12], .. header, .. webp[12..], .. exif];
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - 8);
        return file;
    }

    private static byte[] Golden(string file) => SafetensorsFile.Read(GoldenPreprocessing.Path("decode.safetensors")).Bytes(file);
}
