// Evaluated rows (logits, true classes and weights), and the running mean of their loss and accuracy.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Evaluation;

/// <summary>The input of calibration and of probability scores. Holds the arrays without copying them.</summary>
internal sealed class EvaluatedRows
{
    private readonly float[] _logits;
    private readonly long[] _classes;
    private readonly float[] _weights;

    /// <param name="logits">[rows, classes], row-major, finite.</param>
    /// <param name="classes">The true class of each row, from 0.</param>
    /// <param name="weights">The weight of each row, at least 0 and finite.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <exception cref="ArgumentException">Lengths do not match, a class is out of range, a weight is negative, or a value is not finite.</exception>
    internal EvaluatedRows(float[] logits, long[] classes, float[] weights, int classCount)
    {
        Guard.AtLeast(classCount, 1);
        Guard.That(
            classes.Length == weights.Length && logits.LongLength == (long)classes.Length * classCount,
            nameof(logits),
            $"{logits.Length} logits and {weights.Length} weights do not match {classes.Length} rows of {classCount} classes.");
        Guard.That(Array.TrueForAll(logits, float.IsFinite), nameof(logits), "A logit is not finite: the network has diverged.");
        Guard.That(Array.TrueForAll(classes, c => c >= 0 && c < classCount), nameof(classes), $"A class index is negative, or not below {classCount}.");
        Guard.That(Array.TrueForAll(weights, w => w >= 0 && float.IsFinite(w)), nameof(weights), "A weight is negative or not finite.");
        (_logits, _classes, _weights, ClassCount) = (logits, classes, weights, classCount);
    }

    internal int Count => _classes.Length;

    internal int ClassCount { get; }

    internal ReadOnlySpan<float> Logits(int row) => _logits.AsSpan(row * ClassCount, ClassCount);

    internal int Class(int row) => (int)_classes[row];

    internal double Weight(int row) => _weights[row];
}

/// <summary>Weighted mean loss and mean accuracy over rows; exact for batches of different sizes.</summary>
/// <param name="LossSum">Sum of loss times weight.</param>
/// <param name="Weight">Sum of the weights.</param>
/// <param name="Right">Number of correct predictions.</param>
/// <param name="Rows">Number of rows.</param>
internal readonly record struct RunningMean(double LossSum, double Weight, long Right, int Rows)
{
    /// <summary>Mean loss; 0 before the first batch.</summary>
    internal double Loss => Weight > 0 ? LossSum / Weight : 0;

    /// <summary>Fraction of correct predictions, each row counted once; 0 before the first batch.</summary>
    internal double Accuracy => Rows > 0 ? (double)Right / Rows : 0;

    /// <summary>The mean over these rows and others.</summary>
    internal RunningMean And(RunningMean others) => new(LossSum + others.LossSum, Weight + others.Weight, Right + others.Right, Rows + others.Rows);
}
