// Rows of a validation pass as a classifier sees them: logits, true classes and weights.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Evaluation;

/// <summary>What calibration and figures are computed of; keeps the arrays, copies nothing.</summary>
internal sealed class EvaluatedRows
{
    private readonly float[] _logits;
    private readonly long[] _classes;
    private readonly float[] _weights;

    /// <param name="logits">Row after row [rows, classes], finite.</param>
    /// <param name="classes">The true class of each row, from 0.</param>
    /// <param name="weights">The weight of each row, at least 0 and finite.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, a class is not among them, a weight is negative, or a number is not finite.</exception>
    internal EvaluatedRows(float[] logits, long[] classes, float[] weights, int classCount)
    {
        Guard.AtLeast(classCount, 1);
        Guard.That(
            classes.Length == weights.Length && logits.LongLength == (long)classes.Length * classCount,
            nameof(logits),
            $"{logits.Length} logits and {weights.Length} weights do not belong to {classes.Length} rows of {classCount} classes.");
        Guard.That(Array.TrueForAll(logits, float.IsFinite), nameof(logits), "A logit is not finite: the network has diverged, and says nothing.");
        Guard.That(Array.TrueForAll(classes, c => c >= 0 && c < classCount), nameof(classes), $"A class is not in [0, {classCount}).");
        Guard.That(Array.TrueForAll(weights, w => w >= 0 && float.IsFinite(w)), nameof(weights), "A weight is negative or not finite.");
        (_logits, _classes, _weights, ClassCount) = (logits, classes, weights, classCount);
    }

    internal int Count => _classes.Length;

    internal int ClassCount { get; }

    internal ReadOnlySpan<float> Logits(int row) => _logits.AsSpan(row * ClassCount, ClassCount);

    internal int Class(int row) => (int)_classes[row];

    internal double Weight(int row) => _weights[row];
}

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
