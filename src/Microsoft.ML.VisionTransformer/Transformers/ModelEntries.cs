// Reads one JSON entry of a model file.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Interop;

namespace Microsoft.ML.VisionTransformer.Transformers;

internal static class ModelEntries
{
    /// <summary>The entry of that name, parsed.</summary>
    /// <exception cref="InvalidDataException">It is missing, or is something else; the message names it.</exception>
    internal static T Parse<T>(ModelReader reader, string name, Func<byte[], T> parse)
    {
        byte[] content = reader.Read(name);
        try
        {
            return parse(content);
        }
        catch (Exception e) when (e is JsonException or FormatException or OverflowException or NotSupportedException)
        {
            throw ModelReader.Broken($"the entry {name} is not what this version writes ({e.Message})", e);
        }
    }
}
