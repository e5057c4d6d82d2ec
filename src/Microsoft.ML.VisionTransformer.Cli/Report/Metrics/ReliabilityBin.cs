// The rows whose confidence lies between two borders.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <param name="From">Lower border, not in the bin.</param>
/// <param name="To">Upper border, in the bin.</param>
/// <param name="Count">Rows in the bin.</param>
/// <param name="Right">Those whose predicted class is the true one.</param>
/// <param name="Confidence">Mean probability of the predicted classes; 0 in an empty bin.</param>
internal sealed record ReliabilityBin(double From, double To, int Count, int Right, double Confidence)
{
    /// <summary>Share of right rows, in [0, 1]; 0 in an empty bin.</summary>
    internal double Accuracy => Count == 0 ? 0 : Right / (double)Count;

    /// <summary>|accuracy - mean confidence|; 0 in an empty bin.</summary>
    internal double Gap => Math.Abs(Accuracy - Confidence);

    internal static ReliabilityBin Of(int bin, IReadOnlyList<JudgedRow> rows) => new(
        bin / (double)Reliability.BinCount,
        (bin + 1) / (double)Reliability.BinCount,
        rows.Count,
        rows.Count(row => row.IsRight),
        rows.Count == 0 ? 0 : rows.Average(row => row.Confidence));
}
