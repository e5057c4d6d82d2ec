// The columns that the transformers add to a schema: their names, types, annotations and checks.
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Interop;

namespace Microsoft.ML.VisionTransformer.Columns;

/// <summary>Adds the columns of a classifier to schemas.</summary>
internal sealed class ScoreColumns(ColumnNames names, ClassLabels labels)
{
    private static readonly KeyDataViewType _columnSetId = new(typeof(uint), int.MaxValue);

    internal ColumnNames Names => names;

    internal int Classes => labels.Names.Count;

    /// <summary>The input columns, followed by PredictedLabel and Score; an input column with the same name is kept but hidden.</summary>
    internal DataViewSchema AddTo(DataViewSchema input)
    {
        uint setId = NextColumnSetId(input);
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        builder.AddColumn(names.PredictedLabel, new KeyDataViewType(typeof(uint), Classes), PredictedLabelAnnotations(setId));
        builder.AddColumn(names.Score, new VectorDataViewType(NumberDataViewType.Single, Classes), ScoreAnnotations(setId));
        return builder.ToSchema();
    }

    /// <summary>The output columns that are known before any data is read.</summary>
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
            var type = new VectorDataViewType(TextDataViewType.Instance, slots.Length);
            builder.Add(AnnotationNames.SlotNames, type, (ref VBuffer<ReadOnlyMemory<char>> target) => slots.CopyInto(ref target));
        }

        return builder.ToAnnotations();
    }

    private static DataViewSchema.Annotations.Builder Common(uint setId, string valueKind)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.Add(AnnotationNames.ScoreColumnSetId, _columnSetId, (ref uint value) => value = setId);
        var scoreKind = AnnotationNames.MulticlassClassification.AsMemory();
        builder.Add(AnnotationNames.ScoreColumnKind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = scoreKind);
        builder.Add(AnnotationNames.ScoreValueKind, TextDataViewType.Instance, (ref ReadOnlyMemory<char> value) => value = valueKind.AsMemory());
        return builder;
    }

    /// <summary>The score column set id, which the columns of one scorer share: one above the largest id in the input.</summary>
    private static uint NextColumnSetId(DataViewSchema input)
    {
        uint max = 0;
        foreach (var column in input)
        {
            if (column.Annotations.Schema.GetColumnOrNull(AnnotationNames.ScoreColumnSetId)?.Type is KeyDataViewType { RawType: var raw } && raw == typeof(uint))
            {
                uint id = 0;
                column.Annotations.GetValue(AnnotationNames.ScoreColumnSetId, ref id);
                max = Math.Max(max, id);
            }
        }

        return max + 1;
    }
}

/// <summary>Names of the columns that a model reads and writes.</summary>
/// <param name="Image">The image column.</param>
/// <param name="Score">The column of probabilities, one slot per class.</param>
/// <param name="PredictedLabel">The column with the key of the most probable class.</param>
internal sealed record ColumnNames(string Image, string Score, string PredictedLabel)
{
    /// <summary>The default column names of ML.NET trainers.</summary>
    internal const string DefaultLabel = "Label", DefaultFeatures = "Features", DefaultScore = "Score", DefaultPredictedLabel = "PredictedLabel";

    /// <summary>How rows whose image cannot be read are handled.</summary>
    public InvalidImageHandling OnInvalidImage { get; init; }
}

/// <summary>
/// Adds and checks output columns. An output column hides an input column with the same name: a prediction with the label's name would be evaluated against
/// itself, and the accuracy would always be 1.
/// </summary>
internal static class OutputColumns
{
    /// <summary>The input columns, followed by a vector column of Single; an input column with the same name is kept but hidden.</summary>
    internal static DataViewSchema Add(DataViewSchema input, string name, params int[] sizes)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        builder.AddColumn(name, new VectorDataViewType(NumberDataViewType.Single, sizes));
        return builder.ToSchema();
    }

    /// <summary>The output columns that are known before any data is read.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    internal static SchemaShape Add(SchemaShape input, string name, string image)
    {
        ImageColumn.Check(Guard.NotNull(input), image);
        return SchemaShapes.Of([.. input.Where(c => c.Name != name), SchemaShapes.Vector(name, NumberDataViewType.Single)]);
    }

    /// <summary>Checks that column names are not blank and differ.</summary>
    /// <param name="outputs">The option (or parameter) and the name of each output column.</param>
    /// <param name="inputs">The option (or parameter) and the name of each input column; the name of an optional column may be null.</param>
    /// <exception cref="ArgumentException">A name is blank, or two names are equal.</exception>
    internal static void Check((string Option, string Name)[] outputs, (string Option, string? Name)[] inputs)
    {
        for (int i = 0; i < outputs.Length; i++)
        {
            var (option, name) = outputs[i];
            Guard.NotBlank(name, option);
            if (Array.Find(inputs, input => input.Name == name) is { Name: not null } input)
            {
                throw new ArgumentException(
                    $"{option} and {input.Option} are both '{name}': the output column would hide the input column. Give the output another name.", option);
            }

            if (Array.Find(outputs[(i + 1)..], other => other.Name == name) is { Name: not null } other)
                throw new ArgumentException($"{option} and {other.Option} are both '{name}'; give them different names.", option);
        }
    }
}

/// <summary>The settings of an embedding column, as stored in the model file.</summary>
/// <param name="Image">The image column.</param>
/// <param name="Output">The embedding column.</param>
/// <param name="Kind">The kind of embedding.</param>
/// <param name="Normalize">Whether each embedding is scaled to Euclidean length 1.</param>
internal sealed record FeatureColumn(
    string Image, string Output, [property: JsonConverter(typeof(FeatureColumn.KindConverter))] FeatureKind Kind, bool Normalize)
{
    /// <summary>How rows whose image cannot be read are handled.</summary>
    public InvalidImageHandling OnInvalidImage { get; init; }

    /// <summary>Reads a kind by its name, or by the names that model files of earlier builds use.</summary>
    private sealed class KindConverter : JsonConverter<FeatureKind>
    {
        private static readonly JsonConverter<FeatureKind> _byName = (JsonConverter<FeatureKind>)
            new JsonStringEnumConverter<FeatureKind>(namingPolicy: null, allowIntegerValues: false)
                .CreateConverter(typeof(FeatureKind), new JsonSerializerOptions());

        public override FeatureKind Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType != JsonTokenType.String ? _byName.Read(ref reader, typeToConvert, options) : reader.GetString() switch
            {
                "PatchMean" => FeatureKind.Average,
                "ClassTokenAndPatchMean" => FeatureKind.ClassTokenAndAverage,
                _ => _byName.Read(ref reader, typeToConvert, options),
            };

        public override void Write(Utf8JsonWriter writer, FeatureKind value, JsonSerializerOptions options) => _byName.Write(writer, value, options);
    }
}

/// <summary>Copies arrays and spans to ML.NET vectors.</summary>
internal static class VectorValues
{
    /// <summary>Copies the values; the buffer's memory is reused if it is large enough.</summary>
    internal static void CopyInto<T>(this T[] values, ref VBuffer<T> target) => CopyInto((ReadOnlySpan<T>)values, ref target);

    /// <summary>Copies the values; the buffer's memory is reused if it is large enough.</summary>
    internal static void CopyInto<T>(ReadOnlySpan<T> values, ref VBuffer<T> target)
    {
        var editor = VBufferEditor.Create(ref target, values.Length);
        values.CopyTo(editor.Values);
        target = editor.Commit();
    }
}
