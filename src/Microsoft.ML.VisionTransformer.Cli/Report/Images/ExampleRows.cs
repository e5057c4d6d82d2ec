// Chooses the few rows whose images are shown.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class ExampleRows
{
    /// <summary>Maximum number of mistakes and of hits; each image adds about 25 kB to the file.</summary>
    internal const int MaxCount = 12;

    /// <summary>The wrong rows with the lowest probability of the true class, on ties those with the highest confidence.</summary>
    internal static IReadOnlyList<EvaluatedRow> WorstMistakes(EvaluationResult evaluation) =>
        [.. evaluation.Rows.Where(row => !row.IsRight).OrderBy(row => row.TrueProbability).ThenByDescending(row => row.Confidence).Take(MaxCount)];

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
