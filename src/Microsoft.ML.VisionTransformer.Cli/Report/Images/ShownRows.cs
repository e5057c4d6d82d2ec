// Chooses the few rows whose pictures are shown.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class ShownRows
{
    /// <summary>Pictures of a kind; each adds about 25 kB to the file.</summary>
    internal const int Most = 12;

    /// <summary>The wrong rows whose true class got the least probability, of equal ones those that were surest.</summary>
    internal static IReadOnlyList<EvaluatedRow> WorstMistakes(EvaluationResult evaluation) =>
        [.. evaluation.Rows.Where(row => !row.IsRight).OrderBy(row => row.TrueProbability).ThenByDescending(row => row.Confidence).Take(Most)];

    /// <summary>
    /// The right rows of the highest probability, the classes taking turns: else all pictures may be of the one class that is easiest.
    /// </summary>
    internal static IReadOnlyList<EvaluatedRow> SurestHits(EvaluationResult evaluation) =>
    [
        .. evaluation.Rows.Where(row => row.IsRight).GroupBy(row => row.Row.Label)
            .SelectMany(ofClass => ofClass.OrderByDescending(row => row.Confidence).Take(Most).Select((row, turn) => (row, turn)))
            .OrderBy(position => position.turn).ThenByDescending(position => position.row.Confidence).Take(Most)
            .Select(position => position.row).OrderByDescending(row => row.Confidence),
    ];
}
