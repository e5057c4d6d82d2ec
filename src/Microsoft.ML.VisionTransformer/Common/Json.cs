// What models say of themselves as JSON: indented, so that people can read it.
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace Microsoft.ML.VisionTransformer.Common;

internal static class ModelJson
{
    private static readonly JsonSerializerOptions _options = new()
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(allowIntegerValues: false) },
    };

    internal static byte[] Write<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, _options);

    /// <exception cref="JsonException">The text is no such document.</exception>
    internal static T Read<T>(byte[] json)
        where T : class => JsonSerializer.Deserialize<T>(json, _options) ?? throw new JsonException("the document is null");
}

internal static class StrictJson
{
    private const int MaxDepth = 16;

    /// <param name="utf8">The text; the document refers to it.</param>
    /// <param name="where">File and place, for messages.</param>
    /// <exception cref="InvalidCheckpointException">The bytes are no UTF-8, no JSON, or nest too deep.</exception>
    internal static JsonDocument Parse(ReadOnlyMemory<byte> utf8, string where)
    {
        if (!Utf8.IsValid(utf8.Span))
            throw new InvalidCheckpointException($"{where} is not UTF-8 text, JSON is expected: the file is damaged or of another format; fetch it again.");
        try
        {
            return JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = MaxDepth });
        }
        catch (JsonException e)
        {
            throw new InvalidCheckpointException($"{where} is not the JSON expected: {e.Message} The file is damaged or of another format; fetch it again.", e);
        }
    }

    /// <summary>The members of an object.</summary>
    /// <exception cref="InvalidCheckpointException">The element is no object, or has a name twice.</exception>
    internal static Dictionary<string, JsonElement> Members(JsonElement element, string where)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw new InvalidCheckpointException($"{where} is {Kind(element)}, a JSON object is expected; write the file again with the tool that made it.");
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject())
        {
            string name = Decode(() => member.Name, where);
            if (!members.TryAdd(name, member.Value))
                throw new InvalidCheckpointException(
                    $"{where} has the name {MessageText.Of(name)} twice, once is expected; write the file again with the tool that made it.");
        }

        return members;
    }

    /// <exception cref="InvalidCheckpointException">The element is no text.</exception>
    internal static string Text(JsonElement element, string where) => element.ValueKind == JsonValueKind.String
        ? Decode(() => element.GetString()!, where)
        : throw new InvalidCheckpointException($"{where} is {Kind(element)}, a text is expected; write the file again with the tool that made it.");

    /// <summary>What kind of value that is, for messages.</summary>
    internal static string Kind(JsonElement element) => "JSON " + element.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => "true or false",
        JsonValueKind.Null => "null",
        JsonValueKind.Undefined => "nothing",
        JsonValueKind kind => kind.ToString().ToLowerInvariant(),
    };

    /// <summary>Half a surrogate pair, written as an escape, passes the parser and fails only here.</summary>
    private static string Decode(Func<string> read, string where)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidCheckpointException(
                $"{where} has a text with half a character in it (an unpaired surrogate); write the file again with the tool that made it.", e);
        }
    }
}
