// What the generated classes need to know of a model.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;

namespace Microsoft.ML.VisionTransformer.Cli.Scaffold;

/// <param name="Name">The class.</param>
/// <param name="ImageColumn">Name of the model's image column.</param>
/// <param name="LabelColumn">Name of its label column.</param>
/// <param name="TakesBytes">Whether the pipeline begins with the image itself; else with its path.</param>
/// <param name="Architecture">The network, as an expression.</param>
/// <param name="Epochs">What it was trained for.</param>
internal sealed record ScaffoldModel(string Name, string ImageColumn, string LabelColumn, bool TakesBytes, string Architecture, int Epochs)
{
    internal string Namespace => $"{Name}Model";

    internal string ImageType => TakesBytes ? "byte[]" : "string";

    internal string ImageDefault => TakesBytes ? "[]" : "\"\"";

    /// <summary>The column that the trainer reads.</summary>
    internal string FeatureColumn => TakesBytes ? ImageColumn : $"{ImageColumn}Bytes";

    internal string FromFile => TakesBytes ? "File.ReadAllBytes(path)" : "Path.GetFullPath(path)";

    internal static ScaffoldModel Of(MLContext context, Classifier model, string name) => new(
        name,
        model.Columns.Image,
        model.Columns.Label ?? LabeledImage.LabelColumn,
        TakesImages(context, model),
        CodeValue.Of(model.Network.Architecture),
        Math.Max(1, model.Network.TrainingHistory?.Epochs.Count ?? 1));

    /// <summary>Whether encoded images pass for the column that paths pass for.</summary>
    private static bool TakesImages(MLContext context, Classifier model)
    {
        var schema = SchemaDefinition.Create(typeof(EncodedRow));
        schema[nameof(EncodedRow.Image)].ColumnName = model.Columns.Image;
        schema[nameof(EncodedRow.Label)].ColumnName = model.Columns.Label ?? LabeledImage.LabelColumn;
        try
        {
            model.Chain.GetOutputSchema(context.Data.LoadFromEnumerable(Array.Empty<EncodedRow>(), schema).Schema);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return false;    // the pipeline begins with a transform of paths
        }
    }

    private sealed class EncodedRow
    {
        public byte[] Image { get; set; } = [];

        public string Label { get; set; } = "";
    }
}
