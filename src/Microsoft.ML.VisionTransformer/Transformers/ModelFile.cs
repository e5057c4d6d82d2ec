// The parts of a Vision Transformer in a model .zip: readable JSON about it, and its weights.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Network;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>Everything that a model file says of a Vision Transformer, apart from the weights.</summary>
internal sealed record ModelDescription(
    VisionTransformerArchitecture Architecture,
    ImagePreprocessing Preprocessing,
    ClassLabels Labels,
    ColumnNames Columns,
    TrainingHistory? History);

/// <summary>Writes and reads the entries; docs/model-file.md describes them.</summary>
internal static class ModelFile
{
    private const string ArchitectureName = "architecture.json", PreprocessingName = "preprocessing.json", ClassesName = "classes.json",
        ColumnsName = "columns.json", HistoryName = "training-history.json";

    internal static void Write(ModelWriter writer, ModelDescription description, VisionTransformerNetwork network)
    {
        writer.Add(ArchitectureName, ModelJson.Write(description.Architecture));
        writer.Add(PreprocessingName, ModelJson.Write(description.Preprocessing));
        writer.Add(ClassesName, description.Labels.ToJson());
        writer.Add(ColumnsName, ModelJson.Write(description.Columns));
        writer.Add(HistoryName, ModelJson.Write(new HistoryDocument(description.History)));
        WeightEntries.Write(writer, network);
        writer.Finish();
    }

    /// <exception cref="InvalidDataException">An entry is missing, changed or makes no sense.</exception>
    internal static (ModelDescription Description, VisionTransformerNetwork Network) Read(ModelReader reader)
    {
        var description = new ModelDescription(
            Parse(ArchitectureName, ModelJson.Read<VisionTransformerArchitecture>),
            Parse(PreprocessingName, ModelJson.Read<ImagePreprocessing>),
            Parse(ClassesName, ClassLabels.FromJson),
            Parse(ColumnsName, ModelJson.Read<ColumnNames>),
            Parse(HistoryName, ModelJson.Read<HistoryDocument>).History);
        Check(description);

        var network = VisionTransformerNetwork.WithUnsetWeights(description.Architecture);
        try
        {
            Parse(WeightEntries.TableName, table => { WeightEntries.Read(reader, table, network); return network; });
            return (description, network);
        }
        catch
        {
            network.Dispose();
            throw;
        }

        T Parse<T>(string name, Func<byte[], T> parse)
        {
            byte[] content = reader.Read(name);
            try
            {
                return parse(content);
            }
            catch (Exception e) when (e is JsonException or FormatException or OverflowException or NotSupportedException)
            {
                throw ModelReader.Broken($"the entry {name} is not what this version writes ({e.Message})", e);
            }
        }
    }

    private static void Check(ModelDescription description)
    {
        try
        {
            description.Architecture.Check();
            description.Preprocessing.Check();
        }
        catch (ArgumentException e)
        {
            throw ModelReader.Broken(e.Message, e);
        }

        if (description.Labels.Names.Count != description.Architecture.Classes)
            throw ModelReader.Broken($"{ClassesName} has {description.Labels.Names.Count} classes, {ArchitectureName} {description.Architecture.Classes}");
        if (description.Preprocessing.Size != description.Architecture.ImageSize)
            throw ModelReader.Broken($"{PreprocessingName} makes images of {description.Preprocessing.Size}, {ArchitectureName} takes {description.Architecture.ImageSize}");
    }

    /// <summary>A model that was not trained here has no history.</summary>
    private sealed record HistoryDocument(TrainingHistory? History);
}
