// Rows of a validation pass as a classifier sees them: logits, true classes and weights.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>What calibration and figures are computed of; keeps the arrays, copies nothing.</summary>
internal sealed class JudgedRows
{
    private readonly float[] _logits;
    private readonly long[] _classes;
    private readonly float[] _weights;

    /// <param name="logits">Row after row [rows, classes], finite.</param>
    /// <param name="classes">The true class of each row, from 0.</param>
    /// <param name="weights">The weight of each row, at least 0 and finite.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <exception cref="ArgumentException">Lengths do not fit, a class is not among them, a weight is negative, or a number is not finite.</exception>
    internal JudgedRows(float[] logits, long[] classes, float[] weights, int classCount)
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
