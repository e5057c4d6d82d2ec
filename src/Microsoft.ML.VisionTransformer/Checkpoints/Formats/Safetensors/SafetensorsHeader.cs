// Reads the header of a safetensors file: the tensors' types, shapes and offsets, and the metadata.
using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;

/// <summary>A validated header: the tensors cover the data without gaps, overlaps or trailing bytes.</summary>
/// <param name="DataStart">Offset of the data in the file.</param>
/// <param name="Entries">The tensors in the order of their data.</param>
/// <param name="Metadata">The strings under <c>__metadata__</c>.</param>
/// <remarks>
/// Binary format: unsigned 64-bit little-endian: N, the header's length; N bytes: a JSON object, padded with spaces; the rest: the data. The checks are those
/// of the reference reader, https://github.com/huggingface/safetensors.
/// </remarks>
internal sealed record SafetensorsHeader(long DataStart, IReadOnlyList<SafetensorsEntry> Entries, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Number of bytes of the length field before the header.</summary>
    internal const int LengthBytes = 8;

    /// <summary>In bytes; the reference reader's limit.</summary>
    internal const int MaxLength = 100_000_000;

    /// <summary>The key of the metadata, which is not a tensor.</summary>
    internal const string MetadataName = "__metadata__";

    /// <summary>Reads the header and leaves the stream at the start of the data.</summary>
    /// <exception cref="InvalidCheckpointException">The header is invalid, or does not match the length of the data.</exception>
    internal static SafetensorsHeader Read(Stream stream, string path)
    {
        byte[] json = new byte[ReadLength(stream, path)];
        stream.ReadExactly(json);
        if (json.Length == 0 || json[0] != (byte)'{')
            throw new InvalidCheckpointException(
                $"{path}: the header does not start with '{{': the file is not a safetensors file or is corrupt; download it again.");
        using var document = StrictJson.Parse(json, $"{path}: the header");
        var members = StrictJson.Members(document.RootElement, $"{path}: the header");
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        if (members.Remove(MetadataName, out var texts))
        {
            foreach (var (name, text) in StrictJson.Members(texts, $"{path}: {MetadataName}"))
                metadata.Add(name, StrictJson.Text(text, $"{path}: {MetadataName}: {MessageText.Of(name)}"));
        }

        SafetensorsEntry[] entries = [.. members.Select(m => SafetensorsEntry.Parse(m.Key, m.Value, path)).OrderBy(e => e.Begin).ThenBy(e => e.End)];
        CheckLayout(entries, stream.Length - stream.Position, path);
        return new SafetensorsHeader(stream.Position, entries, metadata);
    }

    private static int ReadLength(Stream stream, string path)
    {
        if (stream.Length < LengthBytes)
            throw new InvalidCheckpointException(
                $"{path} has {stream.Length} bytes; a safetensors file has at least {LengthBytes}: it is truncated; download it again.");
        Span<byte> bytes = stackalloc byte[LengthBytes];
        stream.ReadExactly(bytes);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        if (length > MaxLength)
            throw new InvalidCheckpointException(
                $"{path}: the header claims {length} bytes; at most {MaxLength} are allowed: "
                + "the file is not a safetensors file or is corrupt; download it again.");
        long rest = stream.Length - LengthBytes;
        if ((long)length > rest)
            throw new InvalidCheckpointException(
                $"{path}: the header claims {length} bytes, but only {rest} follow: the file is truncated or not a safetensors file; download it again.");
        return (int)length;
    }

    private static void CheckLayout(SafetensorsEntry[] entries, long dataLength, string path)
    {
        long end = 0;
        foreach (var entry in entries)
        {
            string where = $"{path}: {MessageText.Of(entry.Name)}";
            if (entry.End > dataLength)
                throw new InvalidCheckpointException(
                    $"{where} ends at byte {entry.End} of the data, which has {dataLength}: the file is truncated; download it again.");
            if (entry.Begin != end)
            {
                string found = entry.Begin < end ? "overlaps another tensor" : "leaves a gap before it";
                throw new InvalidCheckpointException(
                    $"{where} starts at byte {entry.Begin} of the data, but {end} is expected: it {found}; write the file again with the tool that created it.");
            }

            end = entry.End;
        }

        if (end != dataLength)
            throw new InvalidCheckpointException(
                $"{path}: the tensors end at byte {end} of the data, which has {dataLength}: bytes outside of tensors are not allowed; download it again.");
    }
}

/// <summary>A validated entry: no size is negative, and the byte range matches shape and type.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Type">The data type.</param>
/// <param name="Shape">The shape.</param>
/// <param name="Begin">Offset of the first byte, relative to the data.</param>
/// <param name="End">Offset of the byte after the last, relative to the data.</param>
internal sealed record SafetensorsEntry(string Name, SafetensorsType Type, long[] Shape, long Begin, long End)
{
    private const string Remedy = "write the file again with the tool that created it";

    /// <exception cref="InvalidCheckpointException">A field is missing, has the wrong type, or contradicts another.</exception>
    internal static SafetensorsEntry Parse(string name, JsonElement element, string path)
    {
        string where = $"{path}: {MessageText.Of(name)}";
        var fields = StrictJson.Members(element, where);
        string typeName = StrictJson.Text(Field("dtype"), where + ": dtype");
        var type = SafetensorsType.Find(typeName) ?? throw new InvalidCheckpointException(
            $"{where}: dtype is {MessageText.Of(typeName)}; expected one of {SafetensorsType.Known}; convert the file to one of these.");
        long[] shape = Integers(Field("shape"), where + ": shape");
        long[] offsets = Integers(Field("data_offsets"), where + ": data_offsets");
        if (offsets.Length != 2 || offsets[0] > offsets[1])
            throw new InvalidCheckpointException($"{where}: data_offsets are {Show(offsets)}, but [begin, end] with begin <= end is expected; {Remedy}.");
        long needed = Bytes(shape, type, where), found = offsets[1] - offsets[0];
        if (needed != found)
            throw new InvalidCheckpointException(
                $"{where}: data_offsets {Show(offsets)} cover {found} bytes, but shape {Show(shape)} of {type.Name} needs {needed}; {Remedy}.");
        return new SafetensorsEntry(name, type, shape, offsets[0], offsets[1]);

        JsonElement Field(string field) => fields.TryGetValue(field, out var value)
            ? value
            : throw new InvalidCheckpointException($"{where} has no {field}; each tensor must have dtype, shape and data_offsets; {Remedy}.");
    }

    private static long Bytes(long[] shape, SafetensorsType type, string where)
    {
        try
        {
            return checked(shape.Aggregate(1L, (product, size) => checked(product * size)) * type.Width);
        }
        catch (OverflowException e)
        {
            throw new InvalidCheckpointException($"{where}: shape {Show(shape)} has more values than 64 bits can count; {Remedy}.", e);
        }
    }

    private static long[] Integers(JsonElement element, string where)
    {
        if (element.ValueKind != JsonValueKind.Array)
            throw new InvalidCheckpointException($"{where} is {StrictJson.Kind(element)}, but a list of integers is expected; {Remedy}.");
        return [.. element.EnumerateArray().Select((item, i) => item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out long value) && value >= 0
            ? value
            : throw new InvalidCheckpointException(
                $"{where}[{i}] is {MessageText.Of(item.GetRawText())}, but an integer from 0 to {long.MaxValue} is expected; {Remedy}."))];
    }

    private static string Show(long[] values) => MessageText.Of($"[{string.Join(", ", values)}]");
}

/// <summary>A <c>dtype</c> of the format.</summary>
/// <param name="Name">The name in the file.</param>
/// <param name="Stored">The corresponding data type.</param>
/// <param name="Width">Bytes per value.</param>
internal sealed record SafetensorsType(string Name, StoredType Stored, int Width)
{
    private static readonly SafetensorsType[] _all =
    [
        new("F32", StoredType.Float32, 4), new("F16", StoredType.Float16, 2), new("BF16", StoredType.BFloat16, 2), new("F64", StoredType.Float64, 8),
        Other("BOOL", 1), Other("U8", 1), Other("I8", 1), Other("U16", 2), Other("I16", 2), Other("U32", 4), Other("I32", 4), Other("U64", 8), Other("I64", 8),
        Other("F8_E5M2", 1), Other("F8_E4M3", 1), Other("F8_E8M0", 1), Other("F8_E5M2FNUZ", 1), Other("F8_E4M3FNUZ", 1), Other("C64", 8),
    ];

    /// <summary>All names, for messages.</summary>
    internal static string Known { get; } = string.Join(", ", _all.Select(t => t.Name));

    /// <summary>Finds a type by name; null if it is unknown.</summary>
    internal static SafetensorsType? Find(string name) => Array.Find(_all, t => t.Name == name);

    /// <summary>Converts little-endian values of a floating-point type to float32. The number of bytes must match the number of values.</summary>
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
        _ => throw new InvalidOperationException($"{Name} is not a floating-point type."),
    };

    private static SafetensorsType Other(string name, int width) => new(name, StoredType.Other, width);
}
