// Reads training rows from a data view: images that can be read again each epoch, class indices and weights. Finds rows with invalid images.
using System.Buffers;
using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Training.Plan;

namespace Microsoft.ML.VisionTransformer.Training.Data;

/// <summary>One labeled image.</summary>
/// <param name="Image">The image as in its column: encoded, decoded, or a path.</param>
/// <param name="Class">Index of the class, from 0.</param>
/// <param name="Weight">Weight in the loss.</param>
internal readonly record struct TrainingRow(ImageSource Image, int Class, float Weight);

/// <summary>The rows of a data view.</summary>
internal sealed record TrainingRows(TrainingRow[] Rows, int WithoutLabel, SkippedImages Skipped)
{
    /// <summary>
    /// Reads all rows in one pass, in order. Rows without a label, and rows with an invalid image if the plan skips those, are left out and counted.
    /// </summary>
    /// <param name="data">The data.</param>
    /// <param name="plan">Names of the columns.</param>
    /// <param name="store">Stores the images; must outlive the rows.</param>
    /// <param name="checkAlive">Called for each row; throws when the run was canceled.</param>
    internal static TrainingRows Read(IDataView data, TrainingPlan plan, ImageStore store, Action checkAlive)
    {
        var image = ImageColumn.Of(data.Schema, plan.Columns.Image, plan.Preprocessing);
        var label = data.Schema[plan.Label];
        var weight = FindWeight(data.Schema, plan.ExampleWeight);
        var rows = new List<TrainingRow>((int)Math.Min(data.GetRowCount() ?? 0, 1_000_000));
        int withoutLabel = 0;
        using var cursor = image.OpenCursor(data, weight is null ? [image.Column, label] : [image.Column, label, weight.Value]);
        var readImage = image.OpenBorrowed(cursor);
        var readKey = OpenKey(cursor, label);
        var readWeight = weight is null ? () => 1f : OpenWeight(cursor, weight.Value);
        while (cursor.MoveNext())
        {
            checkAlive();
            ulong key = readKey();
            if (key == 0)
                withoutLabel++;
            else
                rows.Add(new TrainingRow(store.Keep(readImage(), new ImageLocation(cursor.Position, image.Column.Name)), (int)(key - 1), readWeight()));
        }

        var (readable, skipped) = SkippedImages.Find([.. rows], plan, checkAlive);
        return new TrainingRows(readable, withoutLabel, skipped);
    }

    /// <summary>The weight column; null if <paramref name="name"/> is null.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column, or it is not Single.</exception>
    internal static DataViewSchema.Column? FindWeight(DataViewSchema schema, string? name)
    {
        if (name is null)
            return null;
        var column = schema.GetColumnOrNull(name) ?? throw NoWeight(name);
        return column.Type == NumberDataViewType.Single ? column : throw NotAWeight(name, column.Type.ToString()!);
    }

    /// <summary>The same check on a schema shape, before there is data.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column, or it is not Single.</exception>
    internal static void CheckWeight(SchemaShape schema, string name)
    {
        var found = schema.Where(c => c.Name == name).ToArray();
        if (found.Length == 0)
            throw NoWeight(name);
        if (found[0].Kind != SchemaShape.Column.VectorKind.Scalar || found[0].ItemType != NumberDataViewType.Single)
            throw NotAWeight(name, $"{(found[0].Kind == SchemaShape.Column.VectorKind.Scalar ? "" : "vector of ")}{found[0].ItemType}");
    }

    private static ArgumentOutOfRangeException NoWeight(string name) => Guard.SchemaMismatch($"Could not find the weight column '{name}'.");

    private static ArgumentOutOfRangeException NotAWeight(string name, string found) =>
        Guard.SchemaMismatch($"Schema mismatch for the weight column '{name}': expected Single, got {found}.");

    /// <summary>Reads a key, counted from 1; 0 is a missing label. Keys have one of four integer types.</summary>
    private static Func<ulong> OpenKey(DataViewRow row, DataViewSchema.Column label)
    {
        if (label.Type.RawType == typeof(byte))
            return Open<byte>(k => k);
        if (label.Type.RawType == typeof(ushort))
            return Open<ushort>(k => k);
        return label.Type.RawType == typeof(uint) ? Open<uint>(k => k) : Open<ulong>(k => k);

        Func<ulong> Open<T>(Func<T, ulong> widen)
            where T : struct
        {
            var getter = row.GetGetter<T>(label);
            return () =>
            {
                T key = default;
                getter(ref key);
                return widen(key);
            };
        }
    }

    private static Func<float> OpenWeight(DataViewRow row, DataViewSchema.Column weight)
    {
        var getter = row.GetGetter<float>(weight);
        return () =>
        {
            float value = 0;
            getter(ref value);
            return value >= 0 && float.IsFinite(value)
                ? value
                : throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"The weight in row {row.Position} of column '{weight.Name}' is {value}; it must be at least 0 and finite."));
        };
    }
}

/// <summary>The number of skipped rows, and the reasons; the list is capped, the count is not.</summary>
internal sealed record SkippedImages(int Count, IReadOnlyList<string> Reasons)
{
    private const int MostReasons = 100;

    /// <summary>Rows between two checks for cancellation.</summary>
    private const int RowsAtATime = 64;

    internal static SkippedImages None { get; } = new(0, []);

    /// <summary>
    /// Prepares every image once, as prediction would, to find the rows that cannot be read. Training then runs as if those rows did not exist.
    /// </summary>
    internal static (TrainingRow[] Readable, SkippedImages Skipped) Find(TrainingRow[] rows, TrainingPlan plan, Action checkAlive)
    {
        if (plan.OnInvalidImage != InvalidImageHandling.Skip)
            return (rows, None);
        var converter = new ImagePreprocessor(plan.Preprocessing);
        string?[] reasons = new string?[rows.Length];
        for (int start = 0; start < rows.Length; start += RowsAtATime)
        {
            checkAlive();
            int first = start;
            ParallelImages.For(Math.Min(RowsAtATime, rows.Length - first), i => reasons[first + i] = FailureOf(rows[first + i].Image, converter));
        }

        string[] found = [.. reasons.OfType<string>()];
        return found.Length == 0 ? (rows, None) : ([.. rows.Where((_, i) => reasons[i] is null)], new SkippedImages(found.Length, [.. found.Take(MostReasons)]));
    }

    /// <summary>The skipped rows of both.</summary>
    internal SkippedImages And(SkippedImages other) => new(Count + other.Count, [.. Reasons.Concat(other.Reasons).Take(MostReasons)]);

    /// <summary>One line for the log.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Count} {(Count == 1 ? "image" : "images")} could not be read and {(Count == 1 ? "was" : "were")} left out{(Count == 1 ? "" : "; the first")}: {Reasons[0]}");

    private static string? FailureOf(ImageSource image, ImagePreprocessor converter)
    {
        float[] input = ArrayPool<float>.Shared.Rent(converter.Length);
        try
        {
            image.Fill(converter, null, input.AsSpan(0, converter.Length));
            return null;
        }
        catch (InvalidImageException e)
        {
            return e.Message;
        }
        finally
        {
            ArrayPool<float>.Shared.Return(input);
        }
    }
}
