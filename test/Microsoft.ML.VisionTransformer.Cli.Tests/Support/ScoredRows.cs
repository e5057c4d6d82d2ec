// Creates scored rows and report contents for tests.
using Microsoft.ML.VisionTransformer.Cli.Report;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Support;

internal static class ScoredRows
{
    internal static ScoredRow Row(int label, params float[] probabilities) => new() { Name = $"{label}.png", Label = label, Probabilities = probabilities };

    /// <summary>A report content with classes named a, b, c ...</summary>
    internal static ReportContent Content(params ScoredRow[] rows) => new()
    {
        Title = "Test",
        ClassNames = [.. rows[0].Probabilities.Select((_, i) => ((char)('a' + i)).ToString())],
        Rows = rows,
    };

    /// <summary>Random scores in which the true class usually has the highest probability; some classes are rare, and the last has no rows.</summary>
    internal static ScoredRow[] Random(int count, int classes, int seed = 3)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            int label = Math.Min(random.Next(classes - 1), random.Next(classes - 1));
            double[] values = [.. Enumerable.Range(0, classes).Select(c => random.NextDouble() + (c == label ? 0.6 : 0) + 1e-3)];
            return new ScoredRow { Name = $"{i}.png", Label = label, Probabilities = [.. values.Select(v => (float)(v / values.Sum()))] };
        })];
    }
}
