// The parts of a classifier in a model .zip: readable JSON about it, and its weights.
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Interop;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>Everything that a model file says of a classifier, apart from the weights.</summary>
internal sealed record ModelDescription(
    VisionTransformerArchitecture Architecture,
    ImagePreprocessing Preprocessing,
    ClassLabels Labels,
    ColumnNames Columns,
    TrainingHistory? History);

/// <summary>Writes and reads the entries; docs/model-file.md describes them.</summary>
internal static class ModelFile
{
    private const string ClassesName = "classes.json", ColumnsName = "columns.json", HistoryName = "training-history.json";

    internal static void Write(ModelWriter writer, ModelDescription description, VisionTransformerNetwork network)
    {
        writer.Add(ClassesName, description.Labels.ToJson());
        writer.Add(ColumnsName, ModelJson.Write(description.Columns));
        writer.Add(HistoryName, ModelJson.Write(new HistoryDocument(description.History)));
        NetworkEntries.Write(writer, description.Preprocessing, network);
        writer.Finish();
    }

    /// <exception cref="InvalidDataException">An entry is missing, changed or makes no sense.</exception>
    internal static (ModelDescription Description, VisionTransformerNetwork Network) Read(ModelReader reader)
    {
        var labels = ModelEntries.Parse(reader, ClassesName, ClassLabels.FromJson);
        var columns = ModelEntries.Parse(reader, ColumnsName, ModelJson.Read<ColumnNames>);
        if (columns.OnInvalidImage == InvalidImageHandling.Skip)
            throw ModelReader.Broken($"{ColumnsName} skips invalid images, which prediction cannot");
        var history = ModelEntries.Parse(reader, HistoryName, ModelJson.Read<HistoryDocument>).History;
        var (preprocessing, network) = NetworkEntries.Read(reader, architecture =>
        {
            if (labels.Names.Count != architecture.Classes)
                throw ModelReader.Broken($"{ClassesName} has {labels.Names.Count} classes, {NetworkEntries.ArchitectureName} {architecture.Classes}");
        });
        return (new ModelDescription(network.Architecture, preprocessing, labels, columns, history), network);
    }

    /// <summary>A model that was not trained here has no history.</summary>
    private sealed record HistoryDocument(TrainingHistory? History);
}
