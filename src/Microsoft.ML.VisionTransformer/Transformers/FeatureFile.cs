// The parts of a featurizer in a model .zip: its columns, and its network.
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Network;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>Writes and reads the entries; docs/model-file.md describes them.</summary>
internal static class FeatureFile
{
    private const string FeaturesName = "features.json";

    internal static void Write(ModelWriter writer, FeatureColumn column, NetworkContent network, WeightStorage storage)
    {
        writer.Add(FeaturesName, ModelJson.Write(column));
        NetworkEntries.Write(writer, network, storage);
        writer.Finish();
    }

    /// <exception cref="InvalidDataException">An entry is missing, changed or makes no sense.</exception>
    internal static (FeatureColumn Column, ImagePreprocessing Preprocessing, VisionTransformerNetwork Network, WeightStorage Storage) Read(ModelReader reader)
    {
        var column = ModelEntries.Parse(reader, FeaturesName, ModelJson.Read<FeatureColumn>);
        var (preprocessing, network, storage) = NetworkEntries.Read(reader, architecture => ModelEntries.Check(FeaturesName, () =>
        {
            architecture.WidthOf(column.Kind);
            Guard.NotBlank(column.Image);
            Guard.NotBlank(column.Output);
            InvalidImageRules.ForPrediction(column.OnInvalidImage, nameof(column.OnInvalidImage));
        }));
        return (column, preprocessing, network, storage);
    }
}

/// <summary>The column that embedding adds, as the file keeps it.</summary>
/// <param name="Image">The image column that is read.</param>
/// <param name="Output">The column of embeddings.</param>
/// <param name="Kind">Which embedding.</param>
/// <param name="Normalize">Whether each is scaled to length 1.</param>
internal sealed record FeatureColumn(string Image, string Output, [property: JsonConverter(typeof(FeatureColumn.KindConverter))] FeatureKind Kind, bool Normalize)
{
    /// <summary>What becomes of a row whose image cannot be read.</summary>
    public InvalidImageHandling OnInvalidImage { get; init; }

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
