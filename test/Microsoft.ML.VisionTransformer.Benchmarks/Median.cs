// The median, which outliers of a shared machine leave alone.
namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class Median
{
    /// <summary>The middle value; of an even number of them the mean of the two in the middle.</summary>
    internal static double Of(IEnumerable<double> values)
    {
        double[] ordered = [.. values.Order()];
        return (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;
    }
}
