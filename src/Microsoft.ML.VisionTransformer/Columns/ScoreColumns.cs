// The columns that the transformers add to a schema, and the checks of their names.
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Interop;

namespace Microsoft.ML.VisionTransformer.Columns;

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

/// <summary>
/// An output column hides an input column of its name. A prediction under the label's name would be evaluated against itself, and every model would be right.
/// </summary>
internal static class OutputColumns
{
    /// <summary>The input's columns, then one of Single; a column of the same name in the input stays, hidden.</summary>
    internal static DataViewSchema Add(DataViewSchema input, string name, params int[] sizes)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        builder.AddColumn(name, new VectorDataViewType(NumberDataViewType.Single, sizes));
        return builder.ToSchema();
    }

    /// <summary>The same as far as it is known before there is data.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has a type that cannot be read.</exception>
    internal static SchemaShape Add(SchemaShape input, string name, string image)
    {
        ImageColumn.Check(Guard.NotNull(input), image);
        return SchemaShapes.Of([.. input.Where(c => c.Name != name), SchemaShapes.Vector(name, NumberDataViewType.Single)]);
    }

    /// <summary>Checks that names are given and differ.</summary>
    /// <param name="outputs">Parameter or option and name of each output column.</param>
    /// <param name="inputs">Parameter or option and name of each input column; a name may be null where the column is optional.</param>
    /// <exception cref="ArgumentException">A name is blank, or is there twice.</exception>
    internal static void Check((string Option, string Name)[] outputs, (string Option, string? Name)[] inputs)
    {
        for (int i = 0; i < outputs.Length; i++)
        {
            var (option, name) = outputs[i];
            Guard.NotBlank(name, option);
            if (Array.Find(inputs, input => input.Name == name) is { Name: not null } input)
                throw new ArgumentException($"{option} and {input.Option} are both '{name}': the output column would hide the input column. Give the output another name.", option);
            if (Array.Find(outputs[(i + 1)..], other => other.Name == name) is { Name: not null } other)
                throw new ArgumentException($"{option} and {other.Option} are both '{name}'; give them two names.", option);
        }
    }
}

/// <summary>The column that embedding adds, as the file keeps it.</summary>
/// <param name="Image">The image column that is read.</param>
/// <param name="Output">The column of embeddings.</param>
/// <param name="Kind">Which embedding.</param>
/// <param name="Normalize">Whether each is scaled to length 1.</param>
internal sealed record FeatureColumn(string Image, string Output, [property: JsonConverter(typeof(FeatureColumn.KindConverter))] FeatureKind Kind, bool Normalize)
{
    /// <summary>What becomes of a row whose image cannot be read.</summary>
    public InvalidImageHandling OnInvalidImage { get; init; }

    /// <summary>By name, and as model files of earlier builds have it.</summary>
    private sealed class KindConverter : JsonConverter<FeatureKind>
    {
        private static readonly JsonConverter<FeatureKind> _byName =
            (JsonConverter<FeatureKind>)new JsonStringEnumConverter<FeatureKind>(namingPolicy: null, allowIntegerValues: false).CreateConverter(typeof(FeatureKind), new JsonSerializerOptions());

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

internal static class VectorValues
{
    /// <summary>Copies the values, reusing the buffer's memory where it is large enough.</summary>
    internal static void CopyInto<T>(this T[] values, ref VBuffer<T> target) => CopyInto((ReadOnlySpan<T>)values, ref target);

    /// <summary>Copies the values, reusing the buffer's memory where it is large enough.</summary>
    internal static void CopyInto<T>(ReadOnlySpan<T> values, ref VBuffer<T> target)
    {
        var editor = VBufferEditor.Create(ref target, values.Length);
        values.CopyTo(editor.Values);
        target = editor.Commit();
    }
}
