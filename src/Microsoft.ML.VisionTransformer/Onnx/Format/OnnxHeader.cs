// Reads the metadata and the initializers' headers of an ONNX file.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Onnx.Format;

/// <summary>The parts of a model that are needed to read its weights; nodes are skipped.</summary>
/// <param name="Metadata">Its metadata.</param>
/// <param name="Entries">Its initializers.</param>
internal sealed record OnnxHeader(IReadOnlyDictionary<string, string> Metadata, IReadOnlyList<OnnxEntry> Entries)
{
    /// <summary>Reads a ModelProto.</summary>
    /// <exception cref="InvalidCheckpointException">The file is broken.</exception>
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

/// <summary>The header of an initializer.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">Data type of the values.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Location">Name of the separate file that has the data; null if the data is in the model file.</param>
/// <param name="Offset">First byte of the data in that file.</param>
/// <param name="Length">Bytes of the data.</param>
internal sealed record OnnxEntry(string Name, OnnxType Type, long[] Shape, string? Location, long Offset, long Length)
{
    /// <summary>Bytes per value, for the two types in which weights are stored.</summary>
    internal int Width => Type == OnnxType.Float16 ? 2 : 4;

    /// <summary>Reads a TensorProto.</summary>
    /// <exception cref="InvalidCheckpointException">The header is inconsistent.</exception>
    internal static OnnxEntry Parse(ProtoReader reader, ProtoField tensor)
    {
        var shape = new List<long>();
        string name = "";
        var type = default(OnnxType);
        ProtoField? data = null;
        var external = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in reader.Fields(tensor.Start, tensor.Length))
        {
            switch (field.Number)
            {
                case OnnxFields.Tensor.Dimensions:
                    shape.Add(field.HasBytes ? throw reader.Broken("the sizes of a tensor are packed, which this library does not write") : field.Value);
                    break;
                case OnnxFields.Tensor.DataType:
                    type = (OnnxType)field.Value;
                    break;
                case OnnxFields.Tensor.Name:
                    name = reader.Text(field);
                    break;
                case OnnxFields.Tensor.RawData:
                    data = field;
                    break;
                case OnnxFields.Tensor.ExternalData:
                    var (key, text) = Pair(reader, field);
                    external[key] = text;
                    break;
            }
        }

        string? location = external.GetValueOrDefault(OnnxFields.Tensor.Location);
        return location is null
            ? new OnnxEntry(name, type, [.. shape], null, data?.Start ?? 0, data?.Length ?? 0)
            : new OnnxEntry(
                name,
                type,
                [.. shape],
                location,
                Number(reader, external, OnnxFields.Tensor.Offset),
                Number(reader, external, OnnxFields.Tensor.Length));
    }

    /// <summary>A StringStringEntryProto.</summary>
    internal static (string Key, string Value) Pair(ProtoReader reader, ProtoField entry)
    {
        string key = "", value = "";
        foreach (var field in reader.Fields(entry.Start, entry.Length))
        {
            if (field.Number == OnnxFields.Entry.Key)
                key = reader.Text(field);
            else if (field.Number == OnnxFields.Entry.Value)
                value = reader.Text(field);
        }

        return (key, value);
    }

    private static long Number(ProtoReader reader, Dictionary<string, string> external, string key) =>
        long.TryParse(external.GetValueOrDefault(key), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw reader.Broken($"the {key} of a tensor in a separate file is not a number");
}
