// The parts of a featurizer in a model .zip.
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
