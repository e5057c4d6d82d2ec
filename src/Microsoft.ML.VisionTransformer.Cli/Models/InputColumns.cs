// The input columns of a model.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Cli.Inputs;

namespace Microsoft.ML.VisionTransformer.Cli.Models;

/// <param name="Image">The image column. Pipelines that start with a path column and the network itself both accept paths in it.</param>
/// <param name="Label">The label column, if the pipeline maps it; otherwise null.</param>
internal sealed record InputColumns(string Image, string? Label)
{
    internal static readonly InputColumns OfCheckpoint = new(LabeledImage.ImageColumn, null);

    internal static readonly InputColumns OfTraining = new(LabeledImage.ImageColumn, LabeledImage.LabelColumn);

    /// <summary>The columns of the data that a model was trained on: "Label", and the only other column.</summary>
    /// <exception cref="InvalidDataException">Not exactly one other column can hold images.</exception>
    internal static InputColumns Of(DataViewSchema? schema)
    {
        if (schema is null)
            return OfTraining;
        var visible = schema.Where(c => !c.IsHidden).ToArray();
        string? label = visible.Select(c => c.Name).FirstOrDefault(name => name == LabeledImage.LabelColumn);
        var others = visible.Where(c => c.Name != label).ToArray();
        string[] images = others.Length == 1 ? [others[0].Name] : [.. others.Where(CanHoldImage).Select(c => c.Name)];
        return images.Length == 1
            ? new InputColumns(images[0], label)
            : throw new InvalidDataException($"The model was trained on data with the columns {string.Join(", ", visible.Select(c => c.Name))}; exactly one of them besides Label must hold images.");
    }

    /// <summary>The images as rows with these column names.</summary>
    internal IDataView Load(MLContext mlContext, IEnumerable<LabeledImage> images)
    {
        var schema = SchemaDefinition.Create(typeof(LabeledImage));
        schema[nameof(LabeledImage.Image)].ColumnName = Image;
        schema[nameof(LabeledImage.Label)].ColumnName = Label ?? (Image == LabeledImage.LabelColumn ? "TrueLabel" : LabeledImage.LabelColumn);
        return mlContext.Data.LoadFromEnumerable(images, schema);
    }

    private static bool CanHoldImage(DataViewSchema.Column column) =>
        column.Type is TextDataViewType || column.Type is VectorDataViewType { ItemType: NumberDataViewType } || column.Type.RawType == typeof(MLImage);
}
