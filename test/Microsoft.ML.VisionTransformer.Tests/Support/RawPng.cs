// PNG files of any sample format, written from filtered rows; any bytes are valid rows if the first of each is a filter.
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal sealed record RawPng(int Width, int Height, byte ColorType, byte BitDepth)
{
    /// <summary>Chunks before the pixels.</summary>
    internal (string Type, byte[] Content)[] Chunks { get; init; } = [];

    internal bool Interlaced { get; init; }

    /// <summary>Bytes of each chunk of pixels.</summary>
    internal int ChunkLength { get; init; } = int.MaxValue;

    /// <summary>Bytes per row, without the filter byte.</summary>
    internal int RowBytes => (Width * BitDepth * (ColorType switch
    {
        2 => 3,
        4 => 2,
        6 => 4,
        _ => 1,
    }) + 7) / 8;

    /// <summary>Rows of random bytes with random filters.</summary>
    internal byte[] RandomRows(int seed)
    {
        var random = new Random(seed);
        byte[] rows = new byte[Height * (1 + RowBytes)];
        random.NextBytes(rows);
        for (int y = 0; y < Height; y++)
            rows[y * (1 + RowBytes)] = (byte)random.Next(5);
        return rows;
    }

    /// <summary>The file with those rows, whatever their length and content.</summary>
    internal byte[] Encode(byte[] rows)
    {
        var pixels = new MemoryStream();
        using (var zlib = new ZLibStream(pixels, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(rows);
        return EncodeCompressed(pixels.ToArray());
    }

    /// <summary>The file with those compressed rows.</summary>
    internal byte[] EncodeCompressed(byte[] pixels)
    {
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), Height);
        (header[8], header[9], header[12]) = (BitDepth, ColorType, (byte)(Interlaced ? 1 : 0));
        var data = pixels.Chunk(ChunkLength).Select(part => ("IDAT", part));
        return [0x89, .. "PNG\r\n\u001a\n"u8, .. Chunk("IHDR", header), .. Chunks.Concat(data).SelectMany(c => Chunk(c.Item1, c.Item2)), .. Chunk("IEND", [])];
    }

    /// <summary>Length, type, content and checksum.</summary>
    internal static byte[] Chunk(string type, byte[] content)
    {
        byte[] named = [.. Encoding.ASCII.GetBytes(type), .. content], chunk = [0, 0, 0, 0, .. named, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(chunk, content.Length);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(chunk.Length - 4), Crc32.HashToUInt32(named));
        return chunk;
    }
}
