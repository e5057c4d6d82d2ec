// Writes float32 tensors as a safetensors file.
using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;

/// <summary>Writes the format described at <see cref="SafetensorsHeader"/>. The header is padded to align the data to 8 bytes.</summary>
internal static class SafetensorsWriter
{
    private const int Alignment = 8;
    private const int BlockValues = 1 << 20;

    /// <summary>Writes the tensors in order. An existing file is replaced only when the new one is complete.</summary>
    /// <exception cref="ArgumentException">A name occurs twice or is reserved, or a shape does not fit its values.</exception>
    /// <exception cref="IOException">The file cannot be written; the old one is unchanged.</exception>
    internal static void Write(
        string path,
        IEnumerable<(string Name, long[] Shape, ReadOnlyMemory<float> Values)> tensors,
        IReadOnlyDictionary<string, string>? metadata = null) => AtomicFile.Write(path, stream => Write(stream, tensors, metadata));

    /// <summary>Writes the tensors to a stream.</summary>
    /// <exception cref="ArgumentException">A name occurs twice or is reserved, or a shape does not fit its values.</exception>
    internal static void Write(
        Stream stream, IEnumerable<(string Name, long[] Shape, ReadOnlyMemory<float> Values)> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        (string Name, long[] Shape, ReadOnlyMemory<float> Values)[] all = [.. tensors];
        Write(new SafetensorsChecksum.Writer(stream, hashes: false), Header(all, metadata, withChecksum: false), all);
    }

    /// <summary>Writes the tensors followed by a <see cref="SafetensorsChecksum"/>, and keeps the old file under another name.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">Names, shapes and values.</param>
    /// <param name="metadata">Metadata strings.</param>
    /// <param name="previous">The new path of the old file.</param>
    /// <exception cref="IOException">The file cannot be written; the old one is unchanged.</exception>
    internal static void WriteWithChecksum(
        string path,
        IEnumerable<(string Name, long[] Shape, ReadOnlyMemory<float> Values)> tensors,
        IReadOnlyDictionary<string, string> metadata,
        string previous)
    {
        (string Name, long[] Shape, ReadOnlyMemory<float> Values)[] all = [.. tensors];
        byte[] header = Header(all, metadata, withChecksum: true);
        AtomicFile.Write(
            path,
            stream =>
            {
                var writer = new SafetensorsChecksum.Writer(stream, hashes: true);
                Write(writer, header, all);
                writer.Finish();
            },
            previous);
    }

    private static void Write(SafetensorsChecksum.Writer writer, byte[] header, (string Name, long[] Shape, ReadOnlyMemory<float> Values)[] tensors)
    {
        Span<byte> length = stackalloc byte[SafetensorsHeader.LengthBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        writer.Write(length);
        writer.Write(header);
        foreach (var tensor in tensors)
            WriteValues(writer, tensor.Values.Span);
    }

    private static byte[] Header(
        (string Name, long[] Shape, ReadOnlyMemory<float> Values)[] tensors, IReadOnlyDictionary<string, string>? metadata, bool withChecksum)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        if (metadata is { Count: > 0 })
            WriteMetadata(json, metadata);
        var names = new HashSet<string>(StringComparer.Ordinal) { SafetensorsHeader.MetadataName };
        long begin = 0;
        foreach (var (name, shape, values) in tensors)
        {
            Guard.That(names.Add(name), nameof(tensors), $"The name {name} occurs twice or is reserved; use a unique name for each tensor.");
            Guard.That(
                shape.All(s => s >= 0) && shape.Aggregate(1L, (product, size) => checked(product * size)) == values.Length,
                nameof(tensors),
                $"{name} has {values.Length} values, but its shape is [{string.Join(", ", shape)}]; the product of the sizes must be the number of values.");
            long end = checked(begin + (long)values.Length * sizeof(float));
            WriteEntry(json, name, "F32", shape, begin, end);
            begin = end;
        }

        if (withChecksum)
        {
            Guard.That(names.Add(SafetensorsChecksum.Name), nameof(tensors), $"The name {SafetensorsChecksum.Name} is reserved; rename the tensor.");
            WriteEntry(json, SafetensorsChecksum.Name, "U8", [SafetensorsChecksum.Length], begin, begin + SafetensorsChecksum.Length);
        }

        json.WriteEndObject();
        json.Flush();
        int padding = (Alignment - buffer.WrittenCount % Alignment) % Alignment;
        return [.. buffer.WrittenSpan, .. Enumerable.Repeat((byte)' ', padding)];
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        json.WriteStartObject(SafetensorsHeader.MetadataName);
        foreach (var (name, text) in metadata)
            json.WriteString(name, text);
        json.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter json, string name, string type, long[] shape, long begin, long end)
    {
        json.WriteStartObject(name);
        json.WriteString("dtype", type);
        WriteValues(json, "shape", shape);
        WriteValues(json, "data_offsets", [begin, end]);
        json.WriteEndObject();
    }

    private static void WriteValues(Utf8JsonWriter json, string name, ReadOnlySpan<long> values)
    {
        json.WriteStartArray(name);
        foreach (long value in values)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }

    /// <summary>Writes in blocks, because a span of bytes cannot be longer than 2 GiB.</summary>
    private static void WriteValues(SafetensorsChecksum.Writer writer, ReadOnlySpan<float> values)
    {
        for (; values.Length > BlockValues; values = values[BlockValues..])
            writer.Write(MemoryMarshal.AsBytes(values[..BlockValues]));
        writer.Write(MemoryMarshal.AsBytes(values));
    }
}
