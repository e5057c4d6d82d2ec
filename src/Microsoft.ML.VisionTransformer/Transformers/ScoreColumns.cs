// The two columns that scoring adds, PredictedLabel and Score, with the annotations that ML.NET's evaluators and tools read.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Interop;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>Names of the columns that a model reads and writes.</summary>
/// <param name="Image">The image column.</param>
/// <param name="Score">Probabilities, one slot a class.</param>
/// <param name="PredictedLabel">Key of the most probable class.</param>
internal sealed record ColumnNames(string Image, string Score, string PredictedLabel)
{
    /// <summary>The names that ML.NET's trainers have by default.</summary>
    internal const string DefaultLabel = "Label", DefaultFeatures = "Features", DefaultScore = "Score", DefaultPredictedLabel = "PredictedLabel";

    /// <summary>What the output columns show of a row whose image cannot be read.</summary>
    public InvalidImageHandling OnInvalidImage { get; init; }
}

/// <summary>Adds the columns to schemas.</summary>
internal sealed class ScoreColumns(ColumnNames names, ClassLabels labels)
{
    private static readonly KeyDataViewType _columnSetId = new(typeof(uint), int.MaxValue);

    internal ColumnNames Names => names;

    internal int Classes => labels.Names.Count;

    /// <summary>The input's columns, then PredictedLabel and Score; a column of the same name in the input stays, hidden.</summary>
    internal DataViewSchema AddTo(DataViewSchema input)
    {
        uint setId = NextColumnSetId(input);
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        builder.AddColumn(names.PredictedLabel, new KeyDataViewType(typeof(uint), Classes), PredictedLabelAnnotations(setId));
        builder.AddColumn(names.Score, new VectorDataViewType(NumberDataViewType.Single, Classes), ScoreAnnotations(setId));
        return builder.ToSchema();
    }

    /// <summary>The columns as far as they are known before there is data.</summary>
    internal static SchemaShape AddTo(SchemaShape input, ColumnNames names, SchemaShape.Column label)
    {
        SchemaShape.Column[] common =
        [
            SchemaShapes.Scalar(AnnotationNames.ScoreColumnSetId, NumberDataViewType.UInt32, isKey: true),
            SchemaShapes.Scalar(AnnotationNames.ScoreColumnKind, TextDataViewType.Instance),
            SchemaShapes.Scalar(AnnotationNames.ScoreValueKind, TextDataViewType.Instance),
        ];
        var values = label.Annotations.Where(a => a.Name == AnnotationNames.KeyValues).ToArray();
        var keyValues = values.Select(v => SchemaShapes.Vector(AnnotationNames.KeyValues, v.ItemType));
        var labelValues = values.Select(v => SchemaShapes.Vector(AnnotationNames.TrainingLabelValues, v.ItemType));
        var slotNames = values.Select(_ => SchemaShapes.Vector(AnnotationNames.SlotNames, TextDataViewType.Instance));
        var columns = input.Where(c => c.Name != names.PredictedLabel && c.Name != names.Score).ToList();
        columns.Add(SchemaShapes.Scalar(names.PredictedLabel, NumberDataViewType.UInt32, isKey: true, [.. common, .. keyValues]));
        columns.Add(SchemaShapes.Vector(names.Score, NumberDataViewType.Single, [.. common, .. labelValues, .. slotNames]));
        return SchemaShapes.Of(columns);
    }

    private DataViewSchema.Annotations PredictedLabelAnnotations(uint setId)
    {
        var builder = Common(setId, AnnotationNames.PredictedLabel);
        labels.AddTo(builder, AnnotationNames.KeyValues);
        return builder.ToAnnotations();
    }

    private DataViewSchema.Annotations ScoreAnnotations(uint setId)
    {
        var builder = Common(setId, AnnotationNames.Score);
        labels.AddTo(builder, AnnotationNames.TrainingLabelValues);
        if (labels.TypeName is not null)
        {
            ReadOnlyMemory<char>[] slots = [.. labels.Names.Select(n => n.AsMemory())];
            builder.Add(AnnotationNames.SlotNames, new VectorDataViewType(TextDataViewType.Instance, slots.Length), (ref VBuffer<ReadOnlyMemory<char>> target) => slots.CopyInto(ref target));
        }

        return builder.ToAnnotations();
    }

    private static DataViewSchema.Annotations.Builder Common(uint setId, string valueKind)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.Add(AnnotationNames.ScoreColumnSetId, _columnSetId, (ref uint value) => value = setId);
        builder.Add(AnnotationNames.ScoreColumnKind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = AnnotationNames.MulticlassClassification.AsMemory());
        builder.Add(AnnotationNames.ScoreValueKind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = valueKind.AsMemory());
        return builder;
    }

    /// <summary>Columns scored together share a number, one above those that the input has.</summary>
    private static uint NextColumnSetId(DataViewSchema input)
    {
        uint most = 0;
        foreach (var column in input)
        {
            if (column.Annotations.Schema.GetColumnOrNull(AnnotationNames.ScoreColumnSetId)?.Type is KeyDataViewType { RawType: var raw } && raw == typeof(uint))
            {
                uint id = 0;
                column.Annotations.GetValue(AnnotationNames.ScoreColumnSetId, ref id);
                most = Math.Max(most, id);
            }
        }

        return most + 1;
    }
}
