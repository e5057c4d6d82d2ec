// The number formats of .npy arrays.
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>A NumPy dtype of fixed size.</summary>
/// <param name="Name">NumPy's name, <c>&lt;f4</c>.</param>
/// <param name="Type">What the values are.</param>
/// <param name="Size">Bytes a value: 1, 2, 4 or 8.</param>
/// <param name="BigEndian">Whether a value's most significant byte comes first.</param>
internal sealed record NpyValueType(string Name, StoredType Type, int Size, bool BigEndian)
{
    /// <summary>The format that a descr names: a byte order (<c>&lt;</c>, <c>&gt;</c>; <c>=</c> and <c>|</c> count as little-endian), a kind, a size.</summary>
    /// <returns>Null for a format that is not read.</returns>
    internal static NpyValueType? Find(string descr)
    {
        if (descr.Length == 0 || !"<>=|".Contains(descr[0], StringComparison.Ordinal))
            return null;

        // A JAX bfloat16 has no NumPy name and is saved as two bytes of anything.
        (StoredType, int)? found = descr[1..] switch
        {
            "f2" => (StoredType.Float16, 2),
            "f4" => (StoredType.Float32, 4),
            "f8" => (StoredType.Float64, 8),
            "V2" => (StoredType.BFloat16, 2),
            "b1" or "i1" or "u1" => (StoredType.Other, 1),
            "i2" or "u2" => (StoredType.Other, 2),
            "i4" or "u4" => (StoredType.Other, 4),
            "i8" or "u8" => (StoredType.Other, 8),
            _ => null,
        };
        return found is var (type, size) ? new(descr, type, size, descr[0] == '>') : null;
    }

    /// <summary>Converts floating-point values; <paramref name="bytes"/> are put in the machine's order on the way.</summary>
    internal void ToFloats(Span<byte> bytes, Span<float> values)
    {
        if (BigEndian == BitConverter.IsLittleEndian)
            Reverse(bytes);

        var halves = MemoryMarshal.Cast<byte, ushort>(bytes);
        switch (Type)
        {
            case StoredType.Float32:
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(values);
                break;
            case StoredType.Float16:
                for (int i = 0; i < values.Length; i++)
                    values[i] = (float)BitConverter.UInt16BitsToHalf(halves[i]);
                break;
            case StoredType.BFloat16:
                for (int i = 0; i < values.Length; i++)
                    values[i] = BitConverter.UInt32BitsToSingle((uint)halves[i] << 16);
                break;
            case StoredType.Float64:
                var doubles = MemoryMarshal.Cast<byte, double>(bytes);
                for (int i = 0; i < values.Length; i++)
                    values[i] = (float)doubles[i];
                break;
            default:
                throw new InvalidOperationException($"{Name} is no floating-point format.");
        }
    }

    private void Reverse(Span<byte> bytes)
    {
        for (; bytes.Length >= Size; bytes = bytes[Size..])
            bytes[..Size].Reverse();
    }
}
