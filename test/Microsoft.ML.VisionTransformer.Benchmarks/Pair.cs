// Measures two implementations of the same work alternately and prints their ratio.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class Pair
{
    internal const int Rounds = 5;

    /// <param name="question">Description of the ratio, "ours / baseline".</param>
    /// <param name="ours">Measures the speed of this library once.</param>
    /// <param name="baseline">Measures the speed of the baseline once.</param>
    /// <param name="unit">Unit of the speeds.</param>
    internal static void Measure(string question, Func<double> ours, Func<double> baseline, string unit = "images/s")
    {
        ours();
        baseline();
        var pairs = new List<(double Ours, double Baseline)>();
        for (int round = 0; round < Rounds; round++)
            pairs.Add((ours(), baseline()));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{question}: {Median.Of(pairs.Select(p => p.Ours)):F1} / {Median.Of(pairs.Select(p => p.Baseline)):F1} {unit}, ratio {Median.Of(pairs.Select(p => p.Ours / p.Baseline)):F3} ({pairs.Min(p => p.Ours / p.Baseline):F3} to {pairs.Max(p => p.Ours / p.Baseline):F3})"));
    }
}
