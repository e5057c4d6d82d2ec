// PNG files of one color: many pixels in few bytes.
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace Microsoft.ML.VisionTransformer.ServiceTests.Support;

internal static class LargePng
{
    /// <summary>A valid 8-bit gray PNG.</summary>
    /// <param name="width">Pixels per row.</param>
    /// <param name="height">Number of rows.</param>
    /// <param name="interlaced">Whether the pixels are stored in seven passes (Adam7).</param>
    internal static byte[] Make(int width, int height, bool interlaced)
    {
        var file = new MemoryStream();
        file.Write([0x89, .. "PNG\r\n\u001a\n"u8]);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[12]) = (8, (byte)(interlaced ? 1 : 0));
        Write(file, "IHDR", header);
        var pixels = new MemoryStream();
        using (var zlib = new ZLibStream(pixels, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            (int X, int Y, int StepX, int StepY)[] passes = interlaced
                ? [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
                : [(0, 0, 1, 1)];
            foreach (var (x, y, stepX, stepY) in passes)
            {
                byte[] row = new byte[1 + (width - x + stepX - 1) / stepX];
                row.AsSpan(1).Fill(200);
                for (int i = y; i < height; i += stepY)
                    zlib.Write(row);
            }
        }

        Write(file, "IDAT", pixels.ToArray());
        Write(file, "IEND", []);
        return file.ToArray();
    }

    private static void Write(MemoryStream file, string type, byte[] content)
    {
        byte[] named = [.. Encoding.ASCII.GetBytes(type), .. content], number = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        file.Write(number);
        file.Write(named);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.HashToUInt32(named));
        file.Write(number);
    }
}
