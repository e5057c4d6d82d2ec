// What the header of a safetensors file says of one tensor.
using System.Text.Json;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
        long[] shape = WholeNumbers(Field("shape"), where + ": shape");
        long[] offsets = WholeNumbers(Field("data_offsets"), where + ": data_offsets");
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

    private static long[] WholeNumbers(JsonElement element, string where)
    {
        if (element.ValueKind != JsonValueKind.Array)
            throw new InvalidCheckpointException($"{where} is {StrictJson.Kind(element)}, a list of whole numbers is expected; {Remedy}.");
        return [.. element.EnumerateArray().Select((item, i) => item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out long value) && value >= 0
            ? value
            : throw new InvalidCheckpointException(
                $"{where}[{i}] is {MessageText.Of(item.GetRawText())}, a whole number from 0 to {long.MaxValue} is expected; {Remedy}."))];
    }

    private static string Show(long[] numbers) => MessageText.Of($"[{string.Join(", ", numbers)}]");
}
