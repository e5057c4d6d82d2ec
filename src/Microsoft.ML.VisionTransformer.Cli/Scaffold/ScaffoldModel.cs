// The properties of a model that the generated code depends on.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;

namespace Microsoft.ML.VisionTransformer.Cli.Scaffold;

/// <summary>Kinds of projects.</summary>
internal enum ScaffoldProject
{
    /// <summary>A console program.</summary>
    Console,

    /// <summary>A web service.</summary>
    WebApi,
}

/// <param name="Name">Name of the generated class.</param>
/// <param name="ImageColumn">Name of the model's image column.</param>
/// <param name="LabelColumn">Name of the model's label column.</param>
/// <param name="TakesBytes">Whether the pipeline accepts encoded images; otherwise it needs paths.</param>
/// <param name="Training">How the model was trained.</param>
internal sealed record ScaffoldModel(string Name, string ImageColumn, string LabelColumn, bool TakesBytes, ScaffoldTraining Training)
{
    /// <summary>The output column with the probability of each class.</summary>
    internal string ScoreColumn { get; init; } = "Score";

    /// <summary>The output column with the most probable class.</summary>
    internal string PredictedLabelColumn { get; init; } = "PredictedLabel";

    /// <summary>Whether that column has the class as a key, not as text.</summary>
    internal bool PredictsKeys { get; init; }

    internal string Namespace => $"{Name}Model";

    internal string ImageType => TakesBytes ? "byte[]" : "string";

    internal string ImageDefault => TakesBytes ? "[]" : "\"\"";

    internal string FromFile => TakesBytes ? "File.ReadAllBytes(path)" : "Path.GetFullPath(path)";

    /// <summary>The column that the trainer reads.</summary>
    internal string FeatureColumn =>
        TakesBytes ? ImageColumn
        : Training.Options.FeatureColumnName is var feature && feature != ImageColumn && feature != LabelColumn ? feature
        : $"{ImageColumn}Bytes";

    /// <summary>The options of the generated training: those of the model, with the columns of the generated pipeline.</summary>
    internal VisionTransformerTrainer.Options Options
    {
        get
        {
            var options = Training.Options;
            (options.LabelColumnName, options.FeatureColumnName, options.ScoreColumnName, options.PredictedLabelColumnName) = (LabelColumn, FeatureColumn, ScoreColumn, PredictedLabelColumn);
            return options;
        }
    }

    internal static ScaffoldModel Of(MLContext mlContext, Classifier model, string name, IReadOnlyList<string> testImages)
    {
        var schema = model.Transform([]).Schema;
        var predicted = PredictedLabel(model.Network, schema);
        return new ScaffoldModel(
            name,
            model.Columns.Image,
            model.Columns.Label ?? LabeledImage.LabelColumn,
            TakesImages(mlContext, model),
            new ScaffoldTraining(model.Network.TrainingHistory, model.Network.Architecture, model.Network.Preprocessing, model.Network.ClassNames, testImages))
        {
            ScoreColumn = model.ScoreColumn,
            PredictedLabelColumn = predicted.Name,
            PredictsKeys = predicted.Type is KeyDataViewType,
        };
    }

    /// <exception cref="InvalidDataException">The model has no such column.</exception>
    private static DataViewSchema.Column PredictedLabel(VisionTransformerPredictionTransformer network, DataViewSchema schema)
    {
        string name = network.TrainingHistory?.Options?.PredictedLabelColumnName ?? "PredictedLabel";
        return schema.GetColumnOrNull(name) ?? throw new InvalidDataException($"The model has no output column {name}; its columns are {string.Join(", ", schema.Select(c => c.Name))}.");
    }

    /// <summary>Whether the image column accepts encoded images.</summary>
    private static bool TakesImages(MLContext mlContext, Classifier model)
    {
        var schema = SchemaDefinition.Create(typeof(EncodedRow));
        schema[nameof(EncodedRow.Image)].ColumnName = model.Columns.Image;
        schema[nameof(EncodedRow.Label)].ColumnName = model.Columns.Label ?? LabeledImage.LabelColumn;
        try
        {
            model.Chain.GetOutputSchema(mlContext.Data.LoadFromEnumerable(Array.Empty<EncodedRow>(), schema).Schema);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;    // the pipeline starts with a transform that reads paths
        }
    }

    private sealed class EncodedRow
    {
        public byte[] Image { get; set; } = [];

        public string Label { get; set; } = "";
    }
}

/// <summary>How a model was trained.</summary>
/// <param name="History">Its history; null if this library did not train it. Files of earlier versions have no options in it.</param>
/// <param name="Architecture">The network.</param>
/// <param name="Preprocessing">The preprocessing of its images.</param>
/// <param name="Classes">The classes, in the order of the scores.</param>
/// <param name="TestImages">The images that were held out, as class/file; empty if they are not known.</param>
internal sealed record ScaffoldTraining(
    TrainingHistory? History, VisionTransformerArchitecture Architecture, ImagePreprocessing Preprocessing, IReadOnlyList<string> Classes, IReadOnlyList<string> TestImages)
{
    /// <summary>Whether the model file has the options.</summary>
    internal bool IsKnown => History?.Options is not null;

    /// <summary>Number of images that the model was trained on, with those for validation.</summary>
    internal int Images => History is null ? 0 : History.TrainingRows + History.ValidationRows;

    /// <summary>Whether the order of the classes is that of sorted labels, as in models of <c>mlnet-vit train</c>.</summary>
    internal bool SortsClasses => Classes.Zip(Classes.Skip(1), string.CompareOrdinal).All(order => order < 0);

    /// <summary>The name of the weight column; the generated rows have no weights.</summary>
    internal string? WeightColumn => History?.Options?.ExampleWeightColumnName;

    /// <summary>
    /// A copy of the options, with the strategy and the seed that were used. If they are not known: the network and the number of epochs, and defaults.
    /// </summary>
    internal VisionTransformerTrainer.Options Options
    {
        get
        {
            var options = new VisionTransformerTrainer.Options { Seed = History?.Seed };
            if (History?.Options is not { } given)
            {
                (options.Arch, options.Epoch) = (Architecture, Math.Max(1, History?.Epochs.Count ?? 1));
                options.Preprocessing = Preprocessing == ImagePreprocessing.For(Architecture) ? null : Preprocessing;
                return options;
            }

            foreach (var option in typeof(VisionTransformerTrainer.Options).GetFields())
                option.SetValue(options, option.GetValue(given));
            (options.Strategy, options.Seed, options.ExampleWeightColumnName) = (History.Strategy ?? given.Strategy, History.Seed, null);
            return options;
        }
    }
}
