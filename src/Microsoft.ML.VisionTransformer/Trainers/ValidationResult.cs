// What some weights came to on the validation rows, and which of two are better.
namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Figures on the validation rows.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="IsAverage">Whether the weights are the running mean.</param>
/// <param name="Accuracy">Share of right answers.</param>
/// <param name="Loss">Cross-entropy.</param>
/// <param name="Doubt">How much the accuracy may be off by chance; 0 takes it at its word.</param>
internal sealed record ValidationResult(int Epoch, bool IsAverage, double Accuracy, double Loss, double Doubt = 0)
{
    /// <summary>
    /// The standard error of a share p of n rows, sqrt(p (1 - p) / n): a tenth for 15 rows, where the accuracy alone would pick an epoch by chance, and next to nothing for
    /// 10,000. (The one-standard-error rule of Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees", 1984, section 3.4.3.)
    /// </summary>
    internal static double StandardError(double accuracy, int rows) => Math.Sqrt(accuracy * (1 - accuracy) / rows);

    /// <summary>Whether the accuracy is higher by more than the doubt, or as good within that and the loss lower.</summary>
    internal bool IsBetterThan(ValidationResult other)
    {
        double gain = Accuracy - other.Accuracy;
        return gain > other.Doubt || (gain >= -other.Doubt && Loss < other.Loss);
    }
}
