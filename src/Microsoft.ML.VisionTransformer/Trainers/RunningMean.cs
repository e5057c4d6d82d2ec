// Adds up loss and accuracy over the batches of an epoch.
namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Means over rows, weighted as the rows are; exact for batches of different sizes.</summary>
internal sealed class RunningMean
{
    private double _loss;
    private double _right;
    private double _weight;
    private int _rows;

    /// <summary>Mean loss; 0 before the first batch.</summary>
    internal double Loss => _weight > 0 ? _loss / _weight : 0;

    /// <summary>Share of right answers, each row counted once; 0 before the first batch.</summary>
    internal double Accuracy => _rows > 0 ? _right / _rows : 0;

    /// <param name="meanLoss">Weighted mean loss of the batch.</param>
    /// <param name="weight">Sum of the weights of the batch.</param>
    /// <param name="right">Right answers.</param>
    /// <param name="rows">Rows of the batch.</param>
    internal void Add(double meanLoss, double weight, long right, int rows)
    {
        _loss += meanLoss * weight;
        _weight += weight;
        _right += right;
        _rows += rows;
    }
}
