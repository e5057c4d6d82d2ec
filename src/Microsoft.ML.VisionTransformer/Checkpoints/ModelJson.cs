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
        Converters = { new JsonStringEnumConverter(allowIntegerValues: false), new ChannelValuesConverter() },
    };

    internal static byte[] Write<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, _options);

    /// <exception cref="JsonException">The text is no such document.</exception>
    internal static T Read<T>(byte[] json)
        where T : class => JsonSerializer.Deserialize<T>(json, _options) ?? throw new JsonException("the document is null");

    /// <summary>Channel values as an array of numbers.</summary>
    private sealed class ChannelValuesConverter : JsonConverter<ChannelValues>
    {
        public override ChannelValues Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(JsonSerializer.Deserialize<float[]>(ref reader, options) ?? throw new JsonException("channel values are null"));

        public override void Write(Utf8JsonWriter writer, ChannelValues value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.ToArray(), options);
    }
}
