// The difference in accuracy of two models on the same images, with McNemar's exact test.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Cli.Evaluation;

/// <param name="OnlyFirst">Number of images that only the first model classifies correctly.</param>
/// <param name="OnlyOther">Number of images that only the other model classifies correctly.</param>
/// <param name="Count">Number of images in all, at least 1.</param>
internal sealed record PairedDifference(int OnlyFirst, int OnlyOther, int Count)
{
    /// <summary>Differences with a smaller p value are called more than chance.</summary>
    internal const double Significance = 0.05;

    /// <summary>With fewer images that tell the models apart, a message says that they are few.</summary>
    private const int Few = 30;

    /// <summary>The 97.5% quantile of the standard normal distribution.</summary>
    private const double Z = 1.959964;

    /// <summary>Accuracy of the other model minus that of the first, in [-1, 1].</summary>
    internal double Difference => (OnlyOther - OnlyFirst) / (double)Count;

    /// <summary>
    /// The 95% confidence interval of the difference: Wald's for matched pairs, with half an image added to each of the four cells (Agresti and Min, Statistics in
    /// Medicine 24, 2005).
    /// </summary>
    internal (double From, double To) Interval
    {
        get
        {
            double first = OnlyFirst + 0.5, other = OnlyOther + 0.5, count = Count + 2;
            double middle = (other - first) / count, half = Z * Math.Sqrt(first + other - (other - first) * (other - first) / count) / count;
            return (Math.Max(-1, middle - half), Math.Min(1, middle + half));
        }
    }

    /// <summary>
    /// The two-sided p value of McNemar's exact test (Psychometrika 12, 1947), in [0, 1]: the probability of a split at least as uneven among the images that
    /// exactly one model classifies correctly, if both models were equally accurate. 1 without such images.
    /// </summary>
    internal double PValue
    {
        get
        {
            int discordant = OnlyFirst + OnlyOther;
            double logTerm = -discordant * Math.Log(2), sum = 0;    // the binomial probability of k successes, from k = 0
            for (int k = 0; k <= Math.Min(OnlyFirst, OnlyOther); k++)
            {
                sum += Math.Exp(logTerm);
                logTerm += Math.Log((discordant - k) / (double)(k + 1));
            }

            return Math.Min(1, 2 * sum);
        }
    }

    /// <param name="first">The first model on the images.</param>
    /// <param name="other">The other model on the same images, in the same order.</param>
    internal static PairedDifference Of(EvaluationResult first, EvaluationResult other)
    {
        var pairs = first.Rows.Zip(other.Rows, (one, two) => (First: one.IsRight, Other: two.IsRight)).ToArray();
        return new PairedDifference(pairs.Count(p => p.First && !p.Other), pairs.Count(p => p.Other && !p.First), pairs.Length);
    }

    /// <summary>What the difference means, as a sentence.</summary>
    internal string Sentence(string first, string other)
    {
        if (OnlyFirst + OnlyOther == 0)
            return $"{other} and {first} are right and wrong on the same images.";
        string counts = $"{other} is right on {Images(OnlyOther)} that {first} gets wrong, and wrong on {Number(OnlyFirst)} that {first} gets right";
        if (OnlyFirst == OnlyOther)
            return $"{counts}: the same accuracy.";
        if (PValue < Significance)
            return $"{counts}: chance alone is unlikely to explain that ({PText()}).";
        return $"{counts}: {(OnlyFirst + OnlyOther < Few ? "with so few, the difference may be due to chance" : "the difference may be due to chance")} ({PText()}).";
    }

    /// <summary>"p = 0.18", "p &lt; 0.001".</summary>
    internal string PText() => PValue < 0.001 ? "p < 0.001" : Invariant($"p = {PNumber()}");

    /// <summary>"0.18", "&lt; 0.001".</summary>
    internal string PNumber() => PValue < 0.001 ? "< 0.001" : Invariant($"{PValue:G2}");

    private static string Images(int count) => count == 1 ? "1 image" : $"{Number(count)} images";

    private static string Number(int count) => Invariant($"{count:N0}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
