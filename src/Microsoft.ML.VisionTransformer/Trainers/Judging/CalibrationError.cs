// Expected calibration error: how far a classifier's confidence is from how often it is right.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>
/// Rows fall into 15 equal bins (low, high] by the largest probability of each; the error is the mean over rows of |accuracy - mean confidence| of their bin
/// (Guo et al. 2017, arXiv:1706.04599, equation 3), rows counted by their weight. All in 64-bit numbers.
/// </summary>
internal sealed class CalibrationError
{
    /// <summary>Guo's number; errors measured with other bins do not compare.</summary>
    private const int BinCount = 15;

    private readonly double[] _weights = new double[BinCount];
    private readonly double[] _confidences = new double[BinCount];
    private readonly double[] _right = new double[BinCount];

    /// <summary>All bins, from the least confident.</summary>
    internal IReadOnlyList<CalibrationBin> Bins =>
    [
        .. Enumerable.Range(0, BinCount).Select(bin => new CalibrationBin(
            bin / (double)BinCount, (bin + 1) / (double)BinCount, _weights[bin], _right[bin], _weights[bin] > 0 ? _confidences[bin] / _weights[bin] : 0)),
    ];

    /// <summary>In [0, 1], 0 is best; 0 before the first row that has a weight.</summary>
    internal double Expected
    {
        get
        {
            double weight = _weights.Sum();
            return weight > 0 ? Enumerable.Range(0, BinCount).Sum(Gap) / weight : 0;
        }
    }

    /// <summary>The largest |accuracy - mean confidence| of a bin, in [0, 1]; bins of few rows make it jump.</summary>
    internal double Largest => Enumerable.Range(0, BinCount).Max(bin => _weights[bin] > 0 ? Gap(bin) / _weights[bin] : 0);

    /// <param name="confidence">The probability of the predicted class, in [0, 1].</param>
    /// <param name="right">Whether that class is the true one.</param>
    /// <param name="weight">Weight of the row, at least 0.</param>
    internal void Add(double confidence, bool right, double weight = 1)
    {
        Guard.That(confidence is >= 0 and <= 1, nameof(confidence), $"The confidence {confidence} is no probability.");
        int bin = BinOf(confidence);
        _weights[bin] += weight;
        _confidences[bin] += weight * confidence;
        _right[bin] += right ? weight : 0;
    }

    /// <summary>Compares with the borders themselves: confidence times 15 can round to the other side of one.</summary>
    private static int BinOf(double confidence)
    {
        int bin = BinCount - 1;
        while (bin > 0 && confidence <= bin / (double)BinCount)
            bin--;
        return bin;
    }

    /// <summary>Weight of the bin times its |accuracy - mean confidence|.</summary>
    private double Gap(int bin) => Math.Abs(_right[bin] - _confidences[bin]);
}
