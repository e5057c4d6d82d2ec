// How far the probabilities are from how often the model is right.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <summary>
/// Rows fall into 15 equal bins (low, high] by the probability of their predicted class (Guo et al. 2017, arXiv:1706.04599), as in the training history's
/// calibration error.
/// </summary>
internal sealed class Reliability
{
    /// <summary>Guo's number; errors measured with other bins do not compare.</summary>
    internal const int BinCount = 15;

    internal Reliability(IReadOnlyList<JudgedRow> rows)
    {
        var byBin = rows.ToLookup(row => BinOf(row.Confidence));
        Bins = [.. Enumerable.Range(0, BinCount).Select(bin => ReliabilityBin.Of(bin, [.. byBin[bin]]))];
        ExpectedError = Bins.Sum(bin => bin.Count * bin.Gap) / rows.Count;
    }

    /// <summary>The 15 bins, from the least confident; some may be empty.</summary>
    internal IReadOnlyList<ReliabilityBin> Bins { get; }

    /// <summary>Expected calibration error (equation 3): the mean over rows of their bin's gap, in [0, 1].</summary>
    internal double ExpectedError { get; }

    /// <summary>Compares with the borders themselves: confidence times 15 can round to the other side of one.</summary>
    private static int BinOf(double confidence)
    {
        int bin = BinCount - 1;
        while (bin > 0 && confidence <= bin / (double)BinCount)
            bin--;
        return bin;
    }
}
