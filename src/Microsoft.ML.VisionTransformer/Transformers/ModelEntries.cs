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
        catch (Exception e) when (e is JsonException or FormatException or OverflowException or NotSupportedException or ArgumentException)
        {
            throw ModelReader.Broken($"the entry {name} is not what this version writes ({e.Message.TrimEnd('.')})");
        }
    }

    /// <summary>Checks the values of an entry.</summary>
    /// <param name="name">The entry.</param>
    /// <param name="check">Throws an <see cref="ArgumentException"/> that names the value.</param>
    /// <exception cref="InvalidDataException">A value is not allowed; the message names the entry and the value.</exception>
    internal static void Check(string name, Action check)
    {
        try
        {
            check();
        }
        catch (ArgumentException e)
        {
            throw ModelReader.Broken($"the entry {name} has a value that is not allowed: {e.Message.TrimEnd('.')}");
        }
    }
}
