// Adds up loss and accuracy over the batches of an epoch.
namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Means over rows, weighted as the rows are; exact for batches of different sizes.</summary>
/// <param name="LossSum">Sum of loss times weight.</param>
/// <param name="Weight">Sum of the weights.</param>
/// <param name="Right">Right answers.</param>
/// <param name="Rows">Rows.</param>
internal readonly record struct RunningMean(double LossSum, double Weight, long Right, int Rows)
{
    /// <summary>Mean loss; 0 before the first batch.</summary>
    internal double Loss => Weight > 0 ? LossSum / Weight : 0;

    /// <summary>Share of right answers, each row counted once; 0 before the first batch.</summary>
    internal double Accuracy => Rows > 0 ? (double)Right / Rows : 0;

    /// <summary>The mean over these rows and others.</summary>
    internal RunningMean And(RunningMean others) => new(LossSum + others.LossSum, Weight + others.Weight, Right + others.Right, Rows + others.Rows);
}
