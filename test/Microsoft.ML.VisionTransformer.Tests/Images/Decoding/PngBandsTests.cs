// PNG files decoded in bands: the pixels of Skia for every sample format and filter, and files that are left to Skia.
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Decoding;

[TestClass]
public sealed class PngBandsTests
{
    private const int RowsPerBand = 7;

    private static readonly RawPng _rgb = new(19, 23, ColorType: 2, BitDepth: 8);

    [TestMethod]
    [DataRow(0, 1)]
    [DataRow(0, 2)]
    [DataRow(0, 4)]
    [DataRow(0, 8)]
    [DataRow(0, 16)]
    [DataRow(2, 8)]
    [DataRow(2, 16)]
    [DataRow(3, 1)]
    [DataRow(3, 2)]
    [DataRow(3, 4)]
    [DataRow(3, 8)]
    [DataRow(4, 8)]
    [DataRow(4, 16)]
    [DataRow(6, 8)]
    [DataRow(6, 16)]
    public void EverySampleFormatHasThePixelsOfSkia(int colorType, int bitDepth)
    {
        foreach (int width in new[] { 1, 2, 3, 5, 8, 17, 31, 64 })
        {
            foreach (int height in new[] { 1, RowsPerBand, 3 * RowsPerBand + 2 })
            {
                var png = new RawPng(width, height, (byte)colorType, (byte)bitDepth) { Chunks = Palette(colorType, 1 << bitDepth), ChunkLength = 100 };
                byte[] file = png.Encode(png.RandomRows(seed: width + height));

                CollectionAssert.AreEqual(BySkia(file).Pixels, InBands(file)?.Pixels, $"{width} x {height}");
            }
        }
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(4)]
    public void EveryFilterHasThePixelsOfSkia(int filter)
    {
        foreach (byte colorType in new byte[] { 0, 2, 4, 6 })
        {
            var png = new RawPng(37, 20, colorType, 8);
            byte[] rows = png.RandomRows(seed: filter);
            for (int at = 0; at < rows.Length; at += 1 + png.RowBytes)
                rows[at] = (byte)filter;
            byte[] file = png.Encode(rows);

            CollectionAssert.AreEqual(BySkia(file).Pixels, InBands(file)?.Pixels, $"color type {colorType}");
        }
    }

    [TestMethod]
    [DataRow(0, new byte[] { 0, 7 })]
    [DataRow(2, new byte[] { 0, 7, 0, 7, 0, 7 })]
    [DataRow(3, new byte[] { 0, 128, 7 })]
    public void TransparencyAndOtherExtraChunksChangeNoColor(int colorType, byte[] transparency)
    {
        var png = new RawPng(40, 30, (byte)colorType, 8)
        {
            Chunks = [("gAMA", [0, 0, 0x40, 0]), .. Palette(colorType, 256), ("tRNS", transparency), ("teXt", [.. "anything"u8])],
        };
        byte[] file = png.Encode(png.RandomRows(seed: 1));

        CollectionAssert.AreEqual(BySkia(file).Pixels, InBands(file)?.Pixels);
    }

    [TestMethod]
    public void AnInterlacedFileIsLeftToSkia() => AssertLeftToSkia((_rgb with { Interlaced = true }).Encode(_rgb.RandomRows(1)));

    [TestMethod]
    public void AnUnknownFilterIsLeftToSkia()
    {
        byte[] rows = _rgb.RandomRows(1);
        rows[10 * (1 + _rgb.RowBytes)] = 5;
        AssertLeftToSkia(_rgb.Encode(rows));
    }

    [TestMethod]
    [DataRow(-1)]
    [DataRow(1)]
    public void RowsThatAreMissingOrTooManyAreLeftToSkia(int bytes)
    {
        byte[] rows = _rgb.RandomRows(1);
        Array.Resize(ref rows, rows.Length + bytes);
        AssertLeftToSkia(_rgb.Encode(rows));
    }

    [TestMethod]
    public void AColorThatIsNotInThePaletteIsLeftToSkia()
    {
        var png = new RawPng(40, 30, ColorType: 3, BitDepth: 8) { Chunks = Palette(3, 200) };
        AssertLeftToSkia(png.Encode(png.RandomRows(1)));
    }

    [TestMethod]
    public void AMissingPaletteIsLeftToSkia()
    {
        var png = new RawPng(40, 30, ColorType: 3, BitDepth: 8);
        AssertLeftToSkia(png.Encode(png.RandomRows(1)));
    }

    [TestMethod]
    public void AnUnknownChunkThatIsNeededIsLeftToSkia() => AssertLeftToSkia((_rgb with { Chunks = [("NEED", [1])] }).Encode(_rgb.RandomRows(1)));

    /// <summary>A wrong bit anywhere is either found here, or in what Skia ignores too.</summary>
    [TestMethod]
    public void EveryByteThatIsWrongIsNoticedOrWithoutEffect()
    {
        byte[] file = (_rgb with { ChunkLength = 500 }).Encode(_rgb.RandomRows(1));
        byte[] pixels = BySkia(file).Pixels;
        for (int at = 0; at < file.Length; at++)
        {
            byte[] damaged = [.. file];
            damaged[at] ^= 0x10;
            if (InBands(damaged) is { } image)
                CollectionAssert.AreEqual(pixels, image.Pixels, $"byte {at}");
        }
    }

    [TestMethod]
    public void EveryPrefixIsLeftToSkia()
    {
        byte[] file = _rgb.Encode(_rgb.RandomRows(1));
        for (int length = 0; length < file.Length; length++)
            Assert.IsNull(InBands(file[..length]), $"{length} of {file.Length} bytes");
    }

    private static void AssertLeftToSkia(byte[] file)
    {
        Assert.IsNull(InBands(file));
        Assert.AreEqual(Outcome(file, int.MaxValue), Outcome(file, 0));
    }

    /// <summary>The pixels or the error, decoded at once up to a number of pixels.</summary>
    private static string Outcome(byte[] file, int pixelsDecodedAtOnce)
    {
        try
        {
            return Convert.ToHexString(ImageDecoder.Decode(file, "png", new ImageDecoding { PixelsDecodedAtOnce = pixelsDecodedAtOnce }).Pixels);
        }
        catch (InvalidImageException e)
        {
            return e.Message;
        }
    }

    private static RgbImage BySkia(byte[] file) => ImageDecoder.Decode(file, "png", new ImageDecoding { PixelsDecodedAtOnce = int.MaxValue });

    /// <summary>The image, or null if the file is left to Skia.</summary>
    private static unsafe RgbImage? InBands(byte[] file)
    {
        var bands = new List<(byte[] Pixels, int Width, int Top)>();
        fixed (byte* bytes = file)
        {
            if (!PngBands.TryRead(bytes, file.Length, RowsPerBand, (band, top) => bands.Add(([.. band.Pixels], band.Width, top))))
                return null;
        }

        byte[] pixels = [.. bands.SelectMany(b => b.Pixels)];
        int width = bands[0].Width;
        CollectionAssert.AreEqual(Enumerable.Range(0, bands.Count).Select(i => i * RowsPerBand).ToArray(), bands.Select(b => b.Top).ToArray());
        return new RgbImage(width, pixels.Length / width / RgbImage.Channels, pixels);
    }

    private static (string, byte[])[] Palette(int colorType, int colors)
    {
        byte[] palette = new byte[3 * Math.Min(colors, 256)];
        new Random(9).NextBytes(palette);
        return colorType == 3 ? [("PLTE", palette)] : [];
    }
}
