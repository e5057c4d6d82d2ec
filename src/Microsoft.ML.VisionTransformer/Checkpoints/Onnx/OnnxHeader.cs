// What an ONNX file says of itself and of its tensors.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>The parts of a model that are needed to have its weights back; nodes are passed over.</summary>
/// <param name="Metadata">The texts that it carries.</param>
/// <param name="Entries">Its initializers.</param>
internal sealed record OnnxHeader(IReadOnlyDictionary<string, string> Metadata, IReadOnlyList<OnnxEntry> Entries)
{
    /// <summary>Reads a ModelProto.</summary>
    /// <exception cref="InvalidCheckpointException">It is broken.</exception>
    internal static OnnxHeader Read(Stream stream, string path)
    {
        var reader = new ProtoReader(stream, path);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var entries = new List<OnnxEntry>();
        foreach (var field in reader.Fields(0, stream.Length))
        {
            if (field.Number == OnnxFields.Model.Metadata)
            {
                var (key, value) = OnnxEntry.Pair(reader, field);
                metadata[key] = value;
            }
            else if (field.Number == OnnxFields.Model.Graph)
            {
                entries.AddRange(reader.Fields(field.Start, field.Length)
                    .Where(f => f.Number == OnnxFields.Graph.Initializer && f.HasBytes)
                    .Select(f => OnnxEntry.Parse(reader, f)));
            }
        }

        return new OnnxHeader(metadata, entries);
    }
}
