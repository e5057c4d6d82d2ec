// The number formats of safetensors: the file's name for each, its width, and how it becomes a float.
using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>A <c>dtype</c> of the format.</summary>
/// <param name="Name">As the file writes it.</param>
/// <param name="Stored">What the library makes of it.</param>
/// <param name="Width">Bytes a value.</param>
internal sealed record SafetensorsType(string Name, StoredType Stored, int Width)
{
    private static readonly SafetensorsType[] _all =
    [
        new("F32", StoredType.Float32, 4), new("F16", StoredType.Float16, 2), new("BF16", StoredType.BFloat16, 2), new("F64", StoredType.Float64, 8),
        Other("BOOL", 1), Other("U8", 1), Other("I8", 1), Other("U16", 2), Other("I16", 2), Other("U32", 4), Other("I32", 4), Other("U64", 8), Other("I64", 8),
        Other("F8_E5M2", 1), Other("F8_E4M3", 1), Other("F8_E8M0", 1), Other("F8_E5M2FNUZ", 1), Other("F8_E4M3FNUZ", 1), Other("C64", 8),
    ];

    /// <summary>Every name, for messages.</summary>
    internal static string Known { get; } = string.Join(", ", _all.Select(t => t.Name));

    /// <summary>The type of that name; null where there is none.</summary>
    internal static SafetensorsType? Find(string name) => Array.Find(_all, t => t.Name == name);

    /// <summary>Converts little-endian values of a floating-point type, of which there are as many bytes as the floats need.</summary>
    internal void Widen(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        if (Stored == StoredType.Float32 && BitConverter.IsLittleEndian)
        {
            bytes.CopyTo(MemoryMarshal.AsBytes(values));
            return;
        }

        if (Stored == StoredType.Float16 && BitConverter.IsLittleEndian)
        {
            TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), values);
            return;
        }

        for (int i = 0; i < values.Length; i++)
            values[i] = Widen(bytes.Slice(i * Width, Width));
    }

    private float Widen(ReadOnlySpan<byte> value) => Stored switch
    {
        StoredType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(value),
        StoredType.Float16 => (float)BitConverter.UInt16BitsToHalf(BinaryPrimitives.ReadUInt16LittleEndian(value)),
        StoredType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(value) << 16),
        StoredType.Float64 => (float)BinaryPrimitives.ReadDoubleLittleEndian(value),
        _ => throw new InvalidOperationException($"{Name} is no floating-point type."),
    };

    private static SafetensorsType Other(string name, int width) => new(name, StoredType.Other, width);
}
