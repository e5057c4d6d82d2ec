// The header of a safetensors file: where each tensor lies, and the texts that go with them.
using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;

/// <summary>A checked header: the tensors fill the data without hole, overlap or rest.</summary>
/// <param name="DataStart">The data's first byte in the file.</param>
/// <param name="Entries">The tensors in the order of their data.</param>
/// <param name="Metadata">The texts under <c>__metadata__</c>.</param>
/// <remarks>
/// Binary format: unsigned 64-bit little-endian: N, the header's length; N bytes: a JSON object, padded with spaces; the rest: the data. See
/// https://github.com/huggingface/safetensors, whose reader's checks these are.
/// </remarks>
internal sealed record SafetensorsHeader(long DataStart, IReadOnlyList<SafetensorsEntry> Entries, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Bytes of the length in front of the header.</summary>
    internal const int LengthBytes = 8;

    /// <summary>Bytes, the limit of the format's own reader.</summary>
    internal const int MaxLength = 100_000_000;

    /// <summary>The name that is no tensor's.</summary>
    internal const string MetadataName = "__metadata__";

    /// <summary>Reads the header and leaves the stream at the data.</summary>
    /// <exception cref="InvalidCheckpointException">The header is broken, or the data is not what it describes.</exception>
    internal static SafetensorsHeader Read(Stream stream, string path)
    {
        byte[] json = new byte[ReadLength(stream, path)];
        stream.ReadExactly(json);
        if (json.Length == 0 || json[0] != (byte)'{')
            throw new InvalidCheckpointException(
                $"{path}: the header does not begin with '{{': this is no safetensors file, or a damaged one; fetch it again.");
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
                $"{path} has {stream.Length} bytes, a safetensors file has at least {LengthBytes}: it is cut short; fetch it again.");
        Span<byte> bytes = stackalloc byte[LengthBytes];
        stream.ReadExactly(bytes);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        if (length > MaxLength)
            throw new InvalidCheckpointException(
                $"{path}: the header claims {length} bytes, at most {MaxLength} are read: this is no safetensors file, or a damaged one; fetch it again.");
        long rest = stream.Length - LengthBytes;
        if ((long)length > rest)
            throw new InvalidCheckpointException(
                $"{path}: the header claims {length} bytes, {rest} follow: the file is cut short or no safetensors file; fetch it again.");
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
                    $"{where} ends at byte {entry.End} of the data, which has {dataLength}: the file is cut short; fetch it again.");
            if (entry.Begin != end)
            {
                string found = entry.Begin < end ? "overlaps another tensor" : "leaves a hole before it";
                throw new InvalidCheckpointException(
                    $"{where} begins at byte {entry.Begin} of the data, {end} is expected: it {found}; write the file again with the tool that made it.");
            }

            end = entry.End;
        }

        if (end != dataLength)
            throw new InvalidCheckpointException(
                $"{path}: the tensors end at byte {end} of the data, which has {dataLength}: bytes that belong to no tensor are refused; fetch it again.");
    }
}

/// <summary>A checked entry: no negative size, and exactly the bytes that its shape and type need.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Type">Its number format.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Begin">Its first byte, counted from the end of the header.</param>
/// <param name="End">The byte after its last.</param>
internal sealed record SafetensorsEntry(string Name, SafetensorsType Type, long[] Shape, long Begin, long End)
{
    private const string Remedy = "write the file again with the tool that made it";

    /// <exception cref="InvalidCheckpointException">A field is missing, of the wrong kind, or contradicts another.</exception>
    internal static SafetensorsEntry Parse(string name, JsonElement element, string path)
    {
        string where = $"{path}: {MessageText.Of(name)}";
        var fields = StrictJson.Members(element, where);
        string typeName = StrictJson.Text(Field("dtype"), where + ": dtype");
        var type = SafetensorsType.Find(typeName) ?? throw new InvalidCheckpointException(
            $"{where}: dtype is {MessageText.Of(typeName)}, known are {SafetensorsType.Known}; convert the file to one of them.");
        long[] shape = Integers(Field("shape"), where + ": shape");
        long[] offsets = Integers(Field("data_offsets"), where + ": data_offsets");
        if (offsets.Length != 2 || offsets[0] > offsets[1])
            throw new InvalidCheckpointException($"{where}: data_offsets are {Show(offsets)}, [begin, end] with begin <= end is expected; {Remedy}.");
        long needed = Bytes(shape, type, where), found = offsets[1] - offsets[0];
        if (needed != found)
            throw new InvalidCheckpointException(
                $"{where}: data_offsets {Show(offsets)} hold {found} bytes, shape {Show(shape)} of {type.Name} needs {needed}; {Remedy}.");
        return new SafetensorsEntry(name, type, shape, offsets[0], offsets[1]);

        JsonElement Field(string field) => fields.TryGetValue(field, out var value)
            ? value
            : throw new InvalidCheckpointException($"{where} has no {field}, each tensor has dtype, shape and data_offsets; {Remedy}.");
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
            throw new InvalidCheckpointException($"{where} is {StrictJson.Kind(element)}, a list of whole numbers is expected; {Remedy}.");
        return [.. element.EnumerateArray().Select((item, i) => item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out long value) && value >= 0
            ? value
            : throw new InvalidCheckpointException(
                $"{where}[{i}] is {MessageText.Of(item.GetRawText())}, a whole number from 0 to {long.MaxValue} is expected; {Remedy}."))];
    }

    private static string Show(long[] values) => MessageText.Of($"[{string.Join(", ", values)}]");
}

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
