// The header of a safetensors file: where each tensor lies, and the texts that go with them.
using System.Buffers.Binary;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
