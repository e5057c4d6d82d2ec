// Chooses the rows whose images are shown, and their order.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class ExampleRows
{
    /// <summary>Maximum number of hits; each image with its map adds about 25 kB to the file.</summary>
    internal const int MaxCount = 12;

    /// <summary>Number of mistakes with a large image and a map.</summary>
    internal const int MaxMaps = 24;

    /// <summary>Number of mistakes with an image; a small one adds about 4 kB to the file. Of the others, only the file names are listed.</summary>
    internal const int MaxImages = 1000;

    /// <summary>All wrong rows: those with the highest confidence first, on ties those with the lowest probability of the true class.</summary>
    internal static IReadOnlyList<EvaluatedRow> Mistakes(EvaluationResult evaluation) =>
        [.. evaluation.Rows.Where(row => !row.IsRight).OrderByDescending(row => row.Confidence).ThenBy(row => row.TrueProbability)];

    /// <summary>
    /// The correct rows with the highest probability, taken from the classes in turn: otherwise all images could be of the easiest class.
    /// </summary>
    internal static IReadOnlyList<EvaluatedRow> MostConfidentHits(EvaluationResult evaluation) =>
    [
        .. evaluation.Rows.Where(row => row.IsRight).GroupBy(row => row.Row.Label)
            .SelectMany(ofClass => ofClass.OrderByDescending(row => row.Confidence).Take(MaxCount).Select((row, turn) => (row, turn)))
            .OrderBy(example => example.turn).ThenByDescending(example => example.row.Confidence).Take(MaxCount)
            .Select(example => example.row).OrderByDescending(row => row.Confidence),
    ];
}
