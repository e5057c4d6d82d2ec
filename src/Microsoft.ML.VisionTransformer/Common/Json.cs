// JSON: indented documents in model files, and strict reading of JSON in checkpoints.
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;

namespace Microsoft.ML.VisionTransformer.Common;

internal static class ModelJson
{
    private static readonly JsonSerializerOptions _options = new()
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(allowIntegerValues: false) },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { UseStoredNames } },
    };

    internal static byte[] Write<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, _options);

    /// <exception cref="JsonException">The text is not a valid document of that type.</exception>
    internal static T Read<T>(byte[] json)
        where T : class => (T?)PlainJson.TryRead(json, typeof(T), _options) ?? JsonSerializer.Deserialize<T>(json, _options) ?? throw new JsonException("the document is null");

    private static void UseStoredNames(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            if (property.AttributeProvider?.GetCustomAttributes(typeof(StoredAsAttribute), inherit: true) is [StoredAsAttribute stored])
                property.Name = stored.Name;
        }
    }
}

/// <summary>The name that files have for a property that was renamed. Other JSON, such as the command line's output, has the property's own name.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class StoredAsAttribute(string name) : Attribute
{
    internal string Name { get; } = name;
}

internal static class StrictJson
{
    private const int MaxDepth = 16;

    /// <param name="utf8">The text; the document keeps a reference to it.</param>
    /// <param name="where">File and location, for messages.</param>
    /// <exception cref="InvalidCheckpointException">The bytes are not UTF-8, not JSON, or nested too deeply.</exception>
    internal static JsonDocument Parse(ReadOnlyMemory<byte> utf8, string where)
    {
        if (!Utf8.IsValid(utf8.Span))
            throw new InvalidCheckpointException($"{where} is not UTF-8 text, but JSON is expected: the file is damaged or in another format; download or copy it again.");
        try
        {
            return JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = MaxDepth });
        }
        catch (JsonException e)
        {
            throw new InvalidCheckpointException($"{where} is not the JSON expected: {e.Message} The file is damaged or in another format; download or copy it again.", e);
        }
    }

    /// <summary>The members of an object.</summary>
    /// <exception cref="InvalidCheckpointException">The element is not an object, or has a duplicate name.</exception>
    internal static Dictionary<string, JsonElement> Members(JsonElement element, string where)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw new InvalidCheckpointException($"{where} is {Kind(element)}, but a JSON object is expected; write the file again with the tool that made it.");
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject())
        {
            string name = Decode(() => member.Name, where);
            if (!members.TryAdd(name, member.Value))
                throw new InvalidCheckpointException(
                    $"{where} has the name {MessageText.Of(name)} twice; write the file again with the tool that made it.");
        }

        return members;
    }

    /// <exception cref="InvalidCheckpointException">The element is not a string.</exception>
    internal static string Text(JsonElement element, string where) => element.ValueKind == JsonValueKind.String
        ? Decode(() => element.GetString()!, where)
        : throw new InvalidCheckpointException($"{where} is {Kind(element)}, but a string is expected; write the file again with the tool that made it.");

    /// <summary>The kind of a JSON value, for messages.</summary>
    internal static string Kind(JsonElement element) => "JSON " + element.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => "true or false",
        JsonValueKind.Null => "null",
        JsonValueKind.Undefined => "nothing",
        JsonValueKind kind => kind.ToString().ToLowerInvariant(),
    };

    /// <summary>The parser accepts an unpaired surrogate written as an escape; decoding it fails here.</summary>
    private static string Decode(Func<string> read, string where)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidCheckpointException(
                $"{where} has a string with an unpaired surrogate; write the file again with the tool that made it.", e);
        }
    }
}
