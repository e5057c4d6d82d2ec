// The framing of TensorFlow's record files, which TensorBoard reads: length, checksum, data, checksum.
using System.Buffers.Binary;
using System.Numerics;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>
/// *** Binary format *** of a record (tensorflow/core/lib/io/record_writer.h): uint64 length, uint32 masked CRC-32C of these 8 bytes, the data, uint32 masked
/// CRC-32C of the data; all little-endian.
/// </summary>
internal static class RecordFile
{
    private const int Before = sizeof(ulong) + sizeof(uint);

    /// <summary>The data as a record.</summary>
    internal static byte[] Record(ReadOnlySpan<byte> data)
    {
        byte[] record = new byte[Before + data.Length + sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(sizeof(ulong)), Masked(Crc32C(record.AsSpan(0, sizeof(ulong)))));
        data.CopyTo(record.AsSpan(Before));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(Before + data.Length), Masked(Crc32C(data)));
        return record;
    }

    /// <summary>CRC-32C (Castagnoli; RFC 3720, appendix B.4).</summary>
    internal static uint Crc32C(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    /// <summary>A checksum of data that hold checksums of their own is weak; the rotation and the constant are TensorFlow's.</summary>
    private static uint Masked(uint crc) => unchecked(BitOperations.RotateRight(crc, 15) + 0xA282EAD8);
}
