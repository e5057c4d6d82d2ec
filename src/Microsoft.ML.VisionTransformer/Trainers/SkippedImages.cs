// The rows that training leaves out because their image cannot be read.
using System.Buffers;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Images;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>How many rows were left out, and why; the list is capped, the count is not.</summary>
internal sealed record SkippedImages(int Count, IReadOnlyList<string> Reasons)
{
    private const int MostReasons = 100;

    /// <summary>Rows between two looks at whether the run was cancelled.</summary>
    private const int RowsAtATime = 64;

    internal static SkippedImages None { get; } = new(0, []);

    /// <summary>
    /// Prepares every image once, as prediction would, and tells the rows apart. Training then runs as if the others had never been there.
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
            ParallelImages.For(Math.Min(RowsAtATime, rows.Length - first), i => reasons[first + i] = ReasonAgainst(rows[first + i].Image, converter));
        }

        string[] found = [.. reasons.OfType<string>()];
        return found.Length == 0 ? (rows, None) : ([.. rows.Where((_, i) => reasons[i] is null)], new SkippedImages(found.Length, [.. found.Take(MostReasons)]));
    }

    /// <summary>Those of both.</summary>
    internal SkippedImages And(SkippedImages other) => new(Count + other.Count, [.. Reasons.Concat(other.Reasons).Take(MostReasons)]);

    /// <summary>One line for the log.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Count} images cannot be read and are left out; the first: {Reasons[0]}");

    private static string? ReasonAgainst(ImageSource image, ImagePreprocessor converter)
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
