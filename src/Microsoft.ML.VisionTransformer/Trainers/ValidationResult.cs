// What some weights came to on the validation rows, and which of two are better.
namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Figures on the validation rows.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="IsAverage">Whether the weights are the running mean.</param>
/// <param name="Accuracy">Share of right answers.</param>
/// <param name="Loss">Cross-entropy.</param>
/// <param name="Rows">Number of rows.</param>
internal sealed record ValidationResult(int Epoch, bool IsAverage, double Accuracy, double Loss, int Rows)
{
    /// <summary>
    /// Whether the accuracy is higher by more than the rows can be wrong, or as good within that and the loss lower. A share p of n rows has the standard error
    /// sqrt(p (1 - p) / n): a tenth for 15 rows, where the accuracy alone would pick an epoch by chance, and next to nothing for 10,000. (The one-standard-error rule
    /// of Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees", 1984, section 3.4.3.)
    /// </summary>
    internal bool IsBetterThan(ValidationResult other)
    {
        double gain = Accuracy - other.Accuracy, error = Math.Sqrt(other.Accuracy * (1 - other.Accuracy) / Rows);
        return gain > error || (gain >= -error && Loss < other.Loss);
    }
}
