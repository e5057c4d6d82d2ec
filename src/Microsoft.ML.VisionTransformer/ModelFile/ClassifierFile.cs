// The entries of a model file of a classifier or a feature transformer: JSON descriptions and the weights.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Weights;

namespace Microsoft.ML.VisionTransformer.ModelFile;

/// <summary>Writes and reads the entries of a classifier; docs/model-file.md describes them.</summary>
internal static class ClassifierFile
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

    /// <exception cref="InvalidDataException">An entry is missing, changed or invalid.</exception>
    internal static (ModelDescription Description, NetworkWeights Weights, WeightStorage Storage) Read(ModelReader reader)
    {
        var labels = ModelEntries.Parse(reader, ClassesName, ClassLabels.FromJson);
        var columns = ModelEntries.Parse(reader, ColumnsName, ModelJson.Read<ColumnsDocument>);
        Check(columns);
        var history = ModelEntries.Parse(reader, HistoryName, ModelJson.Read<HistoryDocument>).History;
        Check(history);
        var (preprocessing, weights, storage) = NetworkEntries.Read(reader, architecture =>
        {
            if (labels.Names.Count != architecture.Classes)
                throw ModelReader.Broken($"{ClassesName} has {labels.Names.Count} classes, but {NetworkEntries.ArchitectureName} has {architecture.Classes}");
        });
        var names = new ColumnNames(columns.Image, columns.Score, columns.PredictedLabel) { OnInvalidImage = columns.OnInvalidImage };
        return (new ModelDescription(weights.Architecture, preprocessing, labels, names, history) { Temperature = columns.Temperature }, weights, storage);
    }

    /// <exception cref="InvalidDataException">The columns are invalid for scoring.</exception>
    private static void Check(ColumnsDocument columns)
    {
        if (columns.OnInvalidImage == InvalidImageHandling.Skip)
            throw ModelReader.Broken($"{ColumnsName} has OnInvalidImage Skip, which prediction does not support");
        ModelEntries.Check(ColumnsName, () =>
        {
            Guard.NotBlank(columns.Image);
            Guard.NotBlank(columns.Score);
            Guard.NotBlank(columns.PredictedLabel);
            Guard.That(columns.Score != columns.PredictedLabel, nameof(columns.Score), "Score and PredictedLabel have the same name; they must differ.");
            ModelDescription.CheckTemperature(columns.Temperature);
        });
    }

    /// <exception cref="InvalidDataException">The history contains null entries or a negative time.</exception>
    private static void Check(TrainingHistory? history)
    {
        if (history is null)
            return;
        ModelEntries.Check(HistoryName, () =>
        {
            Guard.That(history.Epochs?.Contains(null!) == false, nameof(history.Epochs), "Epochs is null or contains null; it must be a list of epochs.");
            Guard.That(
                history.InvalidImages?.Contains(null!) == false,
                nameof(history.InvalidImages),
                "InvalidImages is null or contains null; it must be a list of strings.");
            Guard.That(history.Versions?.Values.Contains(null!) == false, nameof(history.Versions), "Versions is null or contains null; it must be an object of strings.");
            Guard.That(!(history.Duration < TimeSpan.Zero), nameof(history.Duration), "Duration is negative; it must be at least zero.");
            Guard.That(
                history.LearningCurve?.Contains(null!) == false,
                nameof(history.LearningCurve),
                "LearningCurve is null or contains null; it must be a list of points.");
        });
    }

    /// <summary>The column names and settings; files before format 1.3 have no temperature.</summary>
    private sealed record ColumnsDocument(string Image, string Score, string PredictedLabel, InvalidImageHandling OnInvalidImage, double Temperature = 1)
    {
        internal static ColumnsDocument Of(ModelDescription model) =>
            new(model.Columns.Image, model.Columns.Score, model.Columns.PredictedLabel, model.Columns.OnInvalidImage, model.Temperature);
    }

    /// <summary>The training history; null for a model that was not trained by this library.</summary>
    private sealed record HistoryDocument(TrainingHistory? History);
}

/// <summary>Everything that a model file stores about a classifier, except the weights.</summary>
internal sealed record ModelDescription(
    VisionTransformerArchitecture Architecture,
    ImagePreprocessing Preprocessing,
    ClassLabels Labels,
    ColumnNames Columns,
    TrainingHistory? History)
{
    /// <summary>Far wider than any calibration needs; outside this range logits could overflow and scores become NaN.</summary>
    private const double MinTemperature = 1e-3, TemperatureBound = 1e3;

    private readonly double _temperature = 1;

    /// <summary>Divides the logits before the softmax. Default 1: logits are unchanged.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in [0.001, 1000).</exception>
    internal double Temperature
    {
        get => _temperature;
        init => _temperature = CheckTemperature(value);
    }

    /// <exception cref="ArgumentOutOfRangeException">The value is not in [0.001, 1000).</exception>
    internal static double CheckTemperature(double temperature) =>
        Guard.InRange(temperature, MinTemperature, TemperatureBound, nameof(Temperature));
}

/// <summary>Writes and reads the entries of a feature transformer; docs/model-file.md describes them.</summary>
internal static class FeatureFile
{
    private const string FeaturesName = "features.json";

    internal static void Write(ModelWriter writer, FeatureColumn column, NetworkContent network, WeightStorage storage)
    {
        writer.Add(FeaturesName, ModelJson.Write(column));
        NetworkEntries.Write(writer, network, storage);
        writer.Finish();
    }

    /// <exception cref="InvalidDataException">An entry is missing, changed or invalid.</exception>
    internal static (FeatureColumn Column, ImagePreprocessing Preprocessing, NetworkWeights Weights, WeightStorage Storage) Read(ModelReader reader)
    {
        var column = ModelEntries.Parse(reader, FeaturesName, ModelJson.Read<FeatureColumn>);
        var (preprocessing, weights, storage) = NetworkEntries.Read(reader, architecture => ModelEntries.Check(FeaturesName, () =>
        {
            architecture.WidthOf(column.Kind);
            Guard.NotBlank(column.Image);
            Guard.NotBlank(column.Output);
            InvalidImageRules.ForPrediction(column.OnInvalidImage, nameof(column.OnInvalidImage));
        }));
        return (column, preprocessing, weights, storage);
    }
}
