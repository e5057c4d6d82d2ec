// The checksum of zip members, which .NET's zip reader does not verify in every version.
using System.Buffers.Binary;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>CRC-32 as in zip and PNG (ISO 3309, polynomial 0xEDB88320 reflected), eight bytes a step.</summary>
internal static class Crc32
{
    private const int Step = 8;

    /// <summary>Entry [k * 256 + b]: what byte b adds to the checksum when k bytes follow it.</summary>
    private static readonly uint[] _table = MakeTable();

    /// <summary>Checksum of everything so far, given that of the bytes before these; 0 to begin.</summary>
    internal static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        for (; bytes.Length >= Step; bytes = bytes[Step..])
        {
            ulong block = BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ crc;
            crc = Entry(7, block) ^ Entry(6, block >> 8) ^ Entry(5, block >> 16) ^ Entry(4, block >> 24)
                ^ Entry(3, block >> 32) ^ Entry(2, block >> 40) ^ Entry(1, block >> 48) ^ Entry(0, block >> 56);
        }

        foreach (byte b in bytes)
            crc = (crc >> 8) ^ _table[(byte)(crc ^ b)];
        return ~crc;
    }

    private static uint Entry(int k, ulong block) => _table[(k << 8) | (byte)block];

    private static uint[] MakeTable()
    {
        uint[] table = new uint[Step * 256];
        for (uint b = 0; b < 256; b++)
        {
            uint crc = b;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
            table[b] = crc;
        }

        for (int i = 256; i < table.Length; i++)
            table[i] = (table[i - 256] >> 8) ^ table[(byte)table[i - 256]];
        return table;
    }
}
