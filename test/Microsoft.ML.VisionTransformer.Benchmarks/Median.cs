// The median, which is robust to outliers on a shared machine.
namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class Median
{
    /// <summary>The middle value, or the mean of the two middle values of an even number of values.</summary>
    internal static double Of(IEnumerable<double> values)
    {
        double[] ordered = [.. values.Order()];
        return (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;
    }
}
