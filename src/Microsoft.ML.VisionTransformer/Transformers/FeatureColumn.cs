// The column that embedding adds.
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Interop;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>Adds the column to schemas.</summary>
/// <param name="Image">The image column that is read.</param>
/// <param name="Output">The column of embeddings.</param>
/// <param name="Kind">Which embedding.</param>
/// <param name="Normalize">Whether each is scaled to length 1.</param>
internal sealed record FeatureColumn(string Image, string Output, [property: JsonConverter(typeof(FeatureColumn.KindConverter))] FeatureKind Kind, bool Normalize)
{
    /// <summary>What becomes of a row whose image cannot be read.</summary>
    public InvalidImageHandling OnInvalidImage { get; init; }

    /// <summary>The input's columns, then the embedding; a column of the same name in the input stays, hidden.</summary>
    internal DataViewSchema AddTo(DataViewSchema input, int width)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        builder.AddColumn(Output, new VectorDataViewType(NumberDataViewType.Single, width));
        return builder.ToSchema();
    }

    /// <summary>The columns as far as they are known before there is data.</summary>
    internal SchemaShape AddTo(SchemaShape input) =>
        SchemaShapes.Of([.. input.Where(c => c.Name != Output), SchemaShapes.Vector(Output, NumberDataViewType.Single)]);

    /// <summary>By name, and as model files of earlier builds have it.</summary>
    private sealed class KindConverter : JsonConverter<FeatureKind>
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
}
