// Where a tensor of an ONNX file lies, and what the file says of it.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>A checked initializer.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">Its numbers.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Location">Name of the file beside the model that has its data; null where the model itself has it.</param>
/// <param name="Offset">First byte of the data in that file.</param>
/// <param name="Length">Bytes of the data.</param>
internal sealed record OnnxEntry(string Name, OnnxType Type, long[] Shape, string? Location, long Offset, long Length)
{
    /// <summary>Bytes of a value, of the two kinds that weights are stored in.</summary>
    internal int Width => Type == OnnxType.Float16 ? 2 : 4;

    /// <summary>Reads a TensorProto.</summary>
    /// <exception cref="InvalidCheckpointException">It contradicts itself.</exception>
    internal static OnnxEntry Parse(ProtoReader reader, ProtoField tensor)
    {
        var shape = new List<long>();
        string name = "";
        var type = default(OnnxType);
        ProtoField? data = null;
        var place = new Dictionary<string, string>(StringComparer.Ordinal);
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
                    place[key] = text;
                    break;
            }
        }

        string? location = place.GetValueOrDefault(OnnxFields.Tensor.Location);
        return location is null
            ? new OnnxEntry(name, type, [.. shape], null, data?.Start ?? 0, data?.Length ?? 0)
            : new OnnxEntry(name, type, [.. shape], location, Number(reader, place, OnnxFields.Tensor.Offset), Number(reader, place, OnnxFields.Tensor.Length));
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

    private static long Number(ProtoReader reader, Dictionary<string, string> place, string key) =>
        long.TryParse(place.GetValueOrDefault(key), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw reader.Broken($"the {key} of a tensor in another file is no number");
}
