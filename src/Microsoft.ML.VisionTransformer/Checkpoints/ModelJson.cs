// What models say of themselves as JSON: indented, so that people can read it.
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
