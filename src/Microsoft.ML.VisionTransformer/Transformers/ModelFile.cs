// The parts of a classifier in a model .zip: readable JSON about it, and its weights.
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Network;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>Writes and reads the entries; docs/model-file.md describes them.</summary>
internal static class ModelFile
{
    private const string ClassesName = "classes.json", ColumnsName = "columns.json", HistoryName = "training-history.json";

    internal static void Write(ModelWriter writer, ModelDescription description, IReadOnlyDictionary<string, NamedWeight> weights, WeightStorage storage)
    {
        writer.Add(ClassesName, description.Labels.ToJson());
        writer.Add(ColumnsName, ModelJson.Write(ColumnsDocument.Of(description)));
        writer.Add(HistoryName, ModelJson.Write(new HistoryDocument(description.History)));
        NetworkEntries.Write(writer, new(description.Architecture, description.Preprocessing, weights), storage);
        writer.Finish();
    }

    /// <exception cref="InvalidDataException">An entry is missing, changed or makes no sense.</exception>
    internal static (ModelDescription Description, VisionTransformerNetwork Network, WeightStorage Storage) Read(ModelReader reader)
    {
        var labels = ModelEntries.Parse(reader, ClassesName, ClassLabels.FromJson);
        var columns = ModelEntries.Parse(reader, ColumnsName, ModelJson.Read<ColumnsDocument>);
        Check(columns);
        var history = ModelEntries.Parse(reader, HistoryName, ModelJson.Read<HistoryDocument>).History;
        Check(history);
        var (preprocessing, network, storage) = NetworkEntries.Read(reader, architecture =>
        {
            if (labels.Names.Count != architecture.Classes)
                throw ModelReader.Broken($"{ClassesName} has {labels.Names.Count} classes, {NetworkEntries.ArchitectureName} {architecture.Classes}");
        });
        var names = new ColumnNames(columns.Image, columns.Score, columns.PredictedLabel) { OnInvalidImage = columns.OnInvalidImage };
        return (new ModelDescription(network.Architecture, preprocessing, labels, names, history) { Temperature = columns.Temperature }, network, storage);
    }

    /// <exception cref="InvalidDataException">The columns could not be scored so.</exception>
    private static void Check(ColumnsDocument columns)
    {
        if (columns.OnInvalidImage == InvalidImageHandling.Skip)
            throw ModelReader.Broken($"{ColumnsName} skips invalid images, which prediction cannot");
        ModelEntries.Check(ColumnsName, () =>
        {
            Guard.NotBlank(columns.Image);
            Guard.NotBlank(columns.Score);
            Guard.NotBlank(columns.PredictedLabel);
            Guard.That(columns.Score != columns.PredictedLabel, nameof(columns.Score), "Score and PredictedLabel are one name; they are two columns.");
            ModelDescription.CheckTemperature(columns.Temperature);
        });
    }

    /// <exception cref="InvalidDataException">The history has gaps.</exception>
    private static void Check(TrainingHistory? history)
    {
        if (history is null)
            return;
        ModelEntries.Check(HistoryName, () =>
        {
            Guard.That(history.Epochs?.Contains(null!) == false, nameof(history.Epochs), "Epochs is null or has a null; it must be a list of epochs.");
            Guard.That(history.InvalidImages?.Contains(null!) == false, nameof(history.InvalidImages), "InvalidImages is null or has a null; it must be a list of texts.");
        });
    }

    /// <summary>The columns and what they show; files before format 1.3 have no temperature.</summary>
    private sealed record ColumnsDocument(string Image, string Score, string PredictedLabel, InvalidImageHandling OnInvalidImage, double Temperature = 1)
    {
        internal static ColumnsDocument Of(ModelDescription model) =>
            new(model.Columns.Image, model.Columns.Score, model.Columns.PredictedLabel, model.Columns.OnInvalidImage, model.Temperature);
    }

    /// <summary>A model that was not trained here has no history.</summary>
    private sealed record HistoryDocument(TrainingHistory? History);
}
