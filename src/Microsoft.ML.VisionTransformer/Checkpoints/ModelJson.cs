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
        Converters = { new FeatureKindConverter(), new JsonStringEnumConverter(allowIntegerValues: false), new ChannelValuesConverter() },
    };

    internal static byte[] Write<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, _options);

    /// <exception cref="JsonException">The text is no such document.</exception>
    internal static T Read<T>(byte[] json)
        where T : class => JsonSerializer.Deserialize<T>(json, _options) ?? throw new JsonException("the document is null");

    /// <summary>By name, and as model files of earlier builds have it.</summary>
    private sealed class FeatureKindConverter : JsonConverter<FeatureKind>
    {
        private static readonly JsonConverter<FeatureKind> _byName =
            (JsonConverter<FeatureKind>)new JsonStringEnumConverter<FeatureKind>(namingPolicy: null, allowIntegerValues: false).CreateConverter(typeof(FeatureKind), new JsonSerializerOptions());

        public override FeatureKind Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType != JsonTokenType.String ? _byName.Read(ref reader, typeToConvert, options) : reader.GetString() switch
            {
                "PatchMean" => FeatureKind.Average,
                "ClassTokenAndPatchMean" => FeatureKind.ClassTokenAndAverage,
                _ => _byName.Read(ref reader, typeToConvert, options),
            };

        public override void Write(Utf8JsonWriter writer, FeatureKind value, JsonSerializerOptions options) => _byName.Write(writer, value, options);
    }

    /// <summary>Channel values as an array of numbers.</summary>
    private sealed class ChannelValuesConverter : JsonConverter<ChannelValues>
    {
        public override ChannelValues Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(JsonSerializer.Deserialize<float[]>(ref reader, options) ?? throw new JsonException("channel values are null"));

        public override void Write(Utf8JsonWriter writer, ChannelValues value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.ToArray(), options);
    }
}
