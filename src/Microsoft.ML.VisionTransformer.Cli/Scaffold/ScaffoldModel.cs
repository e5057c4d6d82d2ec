// The properties of a model that the generated code depends on.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;

namespace Microsoft.ML.VisionTransformer.Cli.Scaffold;

/// <param name="Name">Name of the generated class.</param>
/// <param name="ImageColumn">Name of the model's image column.</param>
/// <param name="LabelColumn">Name of the model's label column.</param>
/// <param name="TakesBytes">Whether the pipeline accepts encoded images; otherwise it needs paths.</param>
/// <param name="Architecture">The architecture, as a C# expression.</param>
/// <param name="Epochs">The number of epochs that it was trained for.</param>
internal sealed record ScaffoldModel(string Name, string ImageColumn, string LabelColumn, bool TakesBytes, string Architecture, int Epochs)
{
    internal string Namespace => $"{Name}Model";

    internal string ImageType => TakesBytes ? "byte[]" : "string";

    internal string ImageDefault => TakesBytes ? "[]" : "\"\"";

    /// <summary>The column that the trainer reads.</summary>
    internal string FeatureColumn => TakesBytes ? ImageColumn : $"{ImageColumn}Bytes";

    internal string FromFile => TakesBytes ? "File.ReadAllBytes(path)" : "Path.GetFullPath(path)";

    internal static ScaffoldModel Of(MLContext mlContext, Classifier model, string name) => new(
        name,
        model.Columns.Image,
        model.Columns.Label ?? LabeledImage.LabelColumn,
        TakesImages(mlContext, model),
        CodeValue.Of(model.Network.Architecture),
        Math.Max(1, model.Network.TrainingHistory?.Epochs.Count ?? 1));

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
