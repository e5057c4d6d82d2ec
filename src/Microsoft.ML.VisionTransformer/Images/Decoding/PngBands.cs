// Decodes large PNG files in bands of rows: chunks, filters and sample formats of the PNG specification, without interlacing.
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Numerics;
using System.Runtime.Intrinsics;
using Microsoft.ML.VisionTransformer.Images.Pixels;

namespace Microsoft.ML.VisionTransformer.Images.Decoding;

/// <summary>
/// Skia decodes a PNG only as a whole, with four bytes per pixel. This decoder keeps a band, and takes only files without any fault: what it refuses,
/// Skia decodes or rejects. The pixels are Skia's, alpha dropped: gray of fewer than 8 bits is scaled, 16-bit samples keep their high byte
/// (PNG specification, third edition, sections 5, 7 and 9).
/// </summary>
internal static unsafe class PngBands
{
    /// <summary>Passes all rows to <paramref name="read"/>, in bands from the top.</summary>
    /// <param name="file">The content of the file.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="rowsPerBand">Rows of each band but the last.</param>
    /// <param name="read">Receives the bands.</param>
    /// <returns>False if the file is interlaced, or anything in it is unusual or wrong; some bands may have been passed on before that.</returns>
    internal static bool TryRead(byte* file, int length, int rowsPerBand, BandReader read)
    {
        if (PngHeader.Read(new ReadOnlySpan<byte>(file, length)) is not { } png)
            return false;
        try
        {
            using var data = new PngDataStream(file, length, png.DataOffset);
            using var pixels = new ZLibStream(data, CompressionMode.Decompress);
            var band = new RgbImage(png.Width, Math.Min(rowsPerBand, png.Height));

            // Filtered rows with their filter bytes, after the last row of the band before.
            int stride = 1 + png.RowBytes;
            byte[] rows = new byte[checked((1 + band.Height) * stride)];
            for (int top = 0; top < png.Height; top += band.Height)
            {
                if (png.Height - top < band.Height)
                    band = new RgbImage(png.Width, png.Height - top);
                pixels.ReadExactly(rows, stride, band.Height * stride);
                for (int y = 0; y < band.Height; y++)
                {
                    var above = rows.AsSpan(y * stride + 1, png.RowBytes);
                    var row = rows.AsSpan((y + 1) * stride, stride);
                    if (!PngFilter.Undo(row[0], row[1..], above, png.PixelBytes) || !png.ToRgb(row[1..], band.Row(y)))
                        return false;
                }

                rows.AsSpan(band.Height * stride, stride).CopyTo(rows);
                read(band, top);
            }

            // Reading past the last row checks its checksum.
            return pixels.ReadByte() < 0 && data.IsWholeToTheEnd();
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            return false;
        }
    }
}

/// <summary>What precedes the pixels of a PNG file: its size, sample format and palette.</summary>
internal sealed class PngHeader
{
    private const byte Gray = 0, Rgb = 2, Palette = 3, GrayAlpha = 4, Rgba = 6;

    /// <summary>libpng refuses longer chunks.</summary>
    private const uint MaxChunk = 8_000_000;

    private byte[] _palette = [];

    private PngHeader(int width, int height, byte bitDepth, byte colorType)
    {
        (Width, Height, BitDepth, ColorType) = (width, height, bitDepth, colorType);
    }

    internal int Width { get; }

    internal int Height { get; }

    /// <summary>Position of the first chunk of pixels.</summary>
    internal int DataOffset { get; private set; }

    /// <summary>Bytes per row, without the filter byte.</summary>
    internal int RowBytes => checked((int)(((long)Width * Samples * BitDepth + 7) / 8));

    /// <summary>Bytes per pixel for the filters, at least one.</summary>
    internal int PixelBytes => Math.Max(1, Samples * BitDepth / 8);

    private byte BitDepth { get; }

    private byte ColorType { get; }

    private int Samples => ColorType switch
    {
        Rgb => 3,
        GrayAlpha => 2,
        Rgba => 4,
        _ => 1,
    };

    /// <summary>Null if the file is interlaced, or something in its header is unusual or wrong.</summary>
    internal static PngHeader? Read(ReadOnlySpan<byte> file)
    {
        if (!file.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10])
            || PngChunk.At(file, 8) is not { IsValid: true } first || !first.Is("IHDR"u8) || first.Content.Length != 13)
        {
            return null;
        }

        var fields = first.Content;
        var header = new PngHeader(BinaryPrimitives.ReadInt32BigEndian(fields), BinaryPrimitives.ReadInt32BigEndian(fields[4..]), fields[8], fields[9]);
        bool isPlain = fields[10] == 0 && fields[11] == 0 && fields[12] == 0;
        if (!isPlain || !header.IsKnownFormat || header.Width < 1 || header.Height < 1)
            return null;
        for (int at = first.End; ;)
        {
            var chunk = PngChunk.At(file, at);
            if (chunk.Is("IDAT"u8))
            {
                header.DataOffset = at;
                return header.ColorType == Palette && header._palette.Length == 0 ? null : header;
            }

            if (!chunk.IsValid || chunk.Content.Length > MaxChunk || !header.Accept(chunk))
                return null;
            at = chunk.End;
        }
    }

    /// <summary>Converts a row to 8-bit red, green and blue.</summary>
    /// <returns>False if a pixel has a color that is not in the palette.</returns>
    internal bool ToRgb(ReadOnlySpan<byte> row, Span<byte> rgb)
    {
        switch (ColorType)
        {
            case Rgb when BitDepth == 8:
                row.CopyTo(rgb);
                return true;
            case Rgba when BitDepth == 8:
                ExifOrientation.CopyLine(row, 0, ExifOrientation.StoredChannels, rgb);
                return true;
            case Gray when BitDepth == 8:
                Triple(row, rgb);
                return true;
            case Palette:
                return LookUp(row, rgb);
            case Gray when BitDepth < 8:
                int scale = byte.MaxValue / ((1 << BitDepth) - 1);
                for (int x = 0; x < Width; x++)
                    rgb.Slice(RgbImage.Channels * x, RgbImage.Channels).Fill((byte)(scale * SampleAt(row, x)));
                return true;
            default:
                ConvertWholeBytes(row, rgb);
                return true;
        }
    }

    private bool IsKnownFormat => ColorType switch
    {
        Gray => BitDepth is 1 or 2 or 4 or 8 or 16,
        Palette => BitDepth is 1 or 2 or 4 or 8,
        Rgb or GrayAlpha or Rgba => BitDepth is 8 or 16,
        _ => false,
    };

    /// <summary>Takes the palette; ignores what does not change colors.</summary>
    private bool Accept(PngChunk chunk)
    {
        if (chunk.Is("PLTE"u8))
        {
            if (ColorType is Gray or GrayAlpha || _palette.Length > 0 || chunk.Content.Length is 0 or > 256 * RgbImage.Channels || chunk.Content.Length % RgbImage.Channels != 0)
                return false;
            _palette = chunk.Content.ToArray();
            return true;
        }

        // Skia reads alpha alone from some gray files with significant bits.
        return chunk.IsAncillary && !(ColorType == GrayAlpha && chunk.Is("sBIT"u8));
    }

    private int SampleAt(ReadOnlySpan<byte> row, int x)
    {
        int bit = x * BitDepth;
        return (row[bit >> 3] >> (8 - BitDepth - (bit & 7))) & ((1 << BitDepth) - 1);
    }

    private bool LookUp(ReadOnlySpan<byte> row, Span<byte> rgb)
    {
        for (int x = 0, to = 0; x < Width; x++, to += RgbImage.Channels)
        {
            int from = RgbImage.Channels * (BitDepth == 8 ? row[x] : SampleAt(row, x));
            if (from >= _palette.Length)
                return false;
            rgb[to + 2] = _palette[from + 2];
            rgb[to + 1] = _palette[from + 1];
            rgb[to] = _palette[from];
        }

        return true;
    }

    /// <summary>Writes each gray value three times, 16 values at a time.</summary>
    private static void Triple(ReadOnlySpan<byte> gray, Span<byte> rgb)
    {
        var first = Vector128.Create((byte)0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5);
        var second = Vector128.Create((byte)5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 10, 10);
        var third = Vector128.Create((byte)10, 11, 11, 11, 12, 12, 12, 13, 13, 13, 14, 14, 14, 15, 15, 15);
        int from = 0, to = 0;
        for (; from <= gray.Length - Vector128<byte>.Count; from += Vector128<byte>.Count, to += RgbImage.Channels * Vector128<byte>.Count)
        {
            var values = Vector128.Create(gray[from..]);
            Vector128.Shuffle(values, first).CopyTo(rgb[to..]);
            Vector128.Shuffle(values, second).CopyTo(rgb[(to + Vector128<byte>.Count)..]);
            Vector128.Shuffle(values, third).CopyTo(rgb[(to + 2 * Vector128<byte>.Count)..]);
        }

        for (; from < gray.Length; from++, to += RgbImage.Channels)
            rgb.Slice(to, RgbImage.Channels).Fill(gray[from]);
    }

    /// <summary>The high byte of each color; a gray value counts three times.</summary>
    private void ConvertWholeBytes(ReadOnlySpan<byte> row, Span<byte> rgb)
    {
        int step = BitDepth / 8, color = ColorType is Gray or GrayAlpha ? 0 : step;
        for (int from = 0, to = 0; to < rgb.Length; from += PixelBytes, to += RgbImage.Channels)
        {
            rgb[to] = row[from];
            rgb[to + 1] = row[from + color];
            rgb[to + 2] = row[from + 2 * color];
        }
    }
}

/// <summary>A chunk of a PNG file: length, type, content, CRC-32 of type and content. The default is a chunk that is not all there.</summary>
internal readonly ref struct PngChunk
{
    private const int Overhead = 12;

    private readonly ReadOnlySpan<byte> _typeAndContent;
    private readonly uint _crc;

    private PngChunk(ReadOnlySpan<byte> typeAndContent, uint crc, int end)
    {
        _typeAndContent = typeAndContent;
        _crc = crc;
        End = end;
    }

    /// <summary>Position after the chunk.</summary>
    internal int End { get; }

    internal ReadOnlySpan<byte> Content => _typeAndContent[4..];

    /// <summary>Whether the chunk is all there and its checksum is right.</summary>
    internal bool IsValid => !_typeAndContent.IsEmpty && Crc32.HashToUInt32(_typeAndContent) == _crc;

    /// <summary>Whether the image can be read without the chunk.</summary>
    internal bool IsAncillary => (_typeAndContent[0] & 0x20) != 0;

    internal static PngChunk At(ReadOnlySpan<byte> file, int at)
    {
        if (file.Length - at < Overhead || BinaryPrimitives.ReadUInt32BigEndian(file[at..]) is var length && length > file.Length - at - Overhead)
            return default;
        var typeAndContent = file.Slice(at + 4, 4 + (int)length);
        return new PngChunk(typeAndContent, BinaryPrimitives.ReadUInt32BigEndian(file[(at + 8 + (int)length)..]), at + Overhead + (int)length);
    }

    internal bool Is(ReadOnlySpan<byte> type) => _typeAndContent.StartsWith(type);
}

/// <summary>The content of consecutive IDAT chunks as one stream. Ends at the first fault.</summary>
internal sealed unsafe class PngDataStream(byte* file, int length, int offset) : Stream
{
    private int _next = offset, _at, _end;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    private ReadOnlySpan<byte> File => new(file, length);

    public override int Read(Span<byte> buffer)
    {
        while (_at == _end)
        {
            var chunk = PngChunk.At(File, _next);
            if (!chunk.Is("IDAT"u8) || !chunk.IsValid)
                return 0;
            _end = chunk.End - sizeof(uint);
            _at = _end - chunk.Content.Length;
            _next = chunk.End;
        }

        int count = Math.Min(buffer.Length, _end - _at);
        File.Slice(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <summary>Whether the chunks after those that were read are valid, up to the end chunk.</summary>
    internal bool IsWholeToTheEnd()
    {
        for (int at = _next; ;)
        {
            var chunk = PngChunk.At(File, at);
            if (!chunk.IsValid || !(chunk.IsAncillary || chunk.Is("IDAT"u8) || chunk.Is("IEND"u8)))
                return false;
            if (chunk.Is("IEND"u8))
                return true;
            at = chunk.End;
        }
    }

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

/// <summary>The five filters of PNG rows. Each predicts a byte from the same byte of the pixel to the left (a), above (b), and above left (c).</summary>
internal static class PngFilter
{
    /// <summary>Restores a filtered row in place.</summary>
    /// <returns>False if there is no such filter.</returns>
    internal static bool Undo(byte filter, Span<byte> row, ReadOnlySpan<byte> above, int pixelBytes)
    {
        switch (filter)
        {
            case 0:
                return true;
            case 1:
                for (int i = pixelBytes; i < row.Length; i++)
                    row[i] += row[i - pixelBytes];
                return true;
            case 2:
                AddAbove(row, above);
                return true;
            case 3:
                for (int i = 0; i < row.Length; i++)
                    row[i] += (byte)(((i < pixelBytes ? 0 : row[i - pixelBytes]) + above[i]) / 2);
                return true;
            case 4:
                UndoPaeth(row, above, pixelBytes);
                return true;
            default:
                return false;
        }
    }

    private static void AddAbove(Span<byte> row, ReadOnlySpan<byte> above)
    {
        int i = 0;
        for (; i <= row.Length - Vector<byte>.Count; i += Vector<byte>.Count)
            (new Vector<byte>(row[i..]) + new Vector<byte>(above[i..])).CopyTo(row[i..]);
        for (; i < row.Length; i++)
            row[i] += above[i];
    }

    private static void UndoPaeth(Span<byte> row, ReadOnlySpan<byte> above, int pixelBytes)
    {
        int i = 0;
        for (; i < Math.Min(pixelBytes, row.Length); i++)
            row[i] += above[i];    // without pixels to the left the prediction is the byte above
        if (pixelBytes is 3 or 4 && row.Length >= 2 * pixelBytes)
        {
            // One pixel at a time, its bytes side by side. A load of three-byte pixels takes a fourth byte, which is not stored.
            Vector128<short> a = Pixel(row), c = Pixel(above);
            for (; i <= row.Length - sizeof(uint); i += pixelBytes)
            {
                var b = Pixel(above[i..]);
                Vector128<short> ab = b - c, cb = a - c;
                Vector128<short> pa = Vector128.Abs(ab), pb = Vector128.Abs(cb), pc = Vector128.Abs(ab + cb);
                var useA = Vector128.LessThanOrEqual(pa, pb) & Vector128.LessThanOrEqual(pa, pc);
                var prediction = Vector128.ConditionalSelect(useA, a, Vector128.ConditionalSelect(Vector128.LessThanOrEqual(pb, pc), b, c));
                a = (Pixel(row[i..]) + prediction) & Vector128.Create((short)0xFF);
                uint bytes = Vector128.Narrow(a.AsUInt16(), Vector128<ushort>.Zero).AsUInt32().ToScalar();
                row[i] = (byte)bytes;
                row[i + 1] = (byte)(bytes >> 8);
                row[i + 2] = (byte)(bytes >> 16);
                if (pixelBytes == 4)
                    row[i + 3] = (byte)(bytes >> 24);
                c = b;
            }
        }

        for (; i < row.Length; i++)
            row[i] += Paeth(row[i - pixelBytes], above[i], above[i - pixelBytes]);
    }

    private static Vector128<short> Pixel(ReadOnlySpan<byte> bytes) =>
        Vector128.WidenLower(Vector128.CreateScalarUnsafe(BinaryPrimitives.ReadUInt32LittleEndian(bytes)).AsByte()).AsInt16();

    /// <summary>Whichever of left, above and above left is nearest to left + above - above left; the first of equals.</summary>
    private static byte Paeth(byte a, byte b, byte c)
    {
        int pa = Math.Abs(b - c), pb = Math.Abs(a - c), pc = Math.Abs(a + b - 2 * c);
        return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    }
}
