// How good probabilities are, beyond whether the largest is the right one.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Adds up rows, each counted by its weight; figures are 0 before the first row that has one. All in 64-bit numbers.</summary>
internal sealed class ProbabilityScores
{
    /// <summary>A probability of 0 would cost without end; ML.NET's evaluators clip at the same value.</summary>
    private const double LeastProbability = 1e-15;

    private readonly CalibrationError _calibration = new();
    private double _weight;
    private double _logLoss;
    private double _brier;
    private double _right;

    /// <summary>Mean of -ln(probability of the true class, at least 1e-15), in nats.</summary>
    internal double LogLoss => Mean(_logLoss);

    /// <summary>Mean squared distance, summed over classes, from the probabilities to 1 at the true class and 0 elsewhere; in [0, 2], 0 is best (Brier 1950).</summary>
    internal double Brier => Mean(_brier);

    /// <summary>Share of rows whose most probable class is the true one; among equal ones the first is taken.</summary>
    internal double Accuracy => Mean(_right);

    /// <inheritdoc cref="CalibrationError.Expected"/>
    internal double CalibrationError => _calibration.Expected;

    /// <inheritdoc cref="CalibrationError.Largest"/>
    internal double LargestCalibrationError => _calibration.Largest;

    /// <summary>The scores of softmax(logits / temperature).</summary>
    internal static ProbabilityScores Of(JudgedRows rows, double temperature = 1)
    {
        Guard.Above(temperature, 0);
        var scores = new ProbabilityScores();
        scores.Add(rows, temperature);
        return scores;
    }

    /// <summary>Adds the rows with the probabilities softmax(logits / temperature).</summary>
    internal void Add(JudgedRows rows, double temperature = 1)
    {
        double[] probabilities = new double[rows.ClassCount];
        for (int row = 0; row < rows.Count; row++)
        {
            TemperedSoftmax.Fill(rows.Logits(row), temperature, probabilities);
            Add(probabilities, rows.Class(row), rows.Weight(row));
        }
    }

    /// <param name="probabilities">One a class; they sum to 1.</param>
    /// <param name="trueClass">The true class, from 0.</param>
    /// <param name="weight">Weight of the row, at least 0.</param>
    internal void Add(ReadOnlySpan<double> probabilities, int trueClass, double weight = 1)
    {
        double squares = 0;
        int predicted = 0;
        for (int k = 0; k < probabilities.Length; k++)
        {
            double error = probabilities[k] - (k == trueClass ? 1 : 0);
            squares += error * error;
            if (probabilities[k] > probabilities[predicted])
                predicted = k;
        }

        bool right = predicted == trueClass;
        _calibration.Add(Math.Min(probabilities[predicted], 1), right, weight);    // a softmax can round to a little more than 1
        _logLoss -= weight * Math.Log(Math.Clamp(probabilities[trueClass], LeastProbability, 1));
        _brier += weight * squares;
        _right += right ? weight : 0;
        _weight += weight;
    }

    private double Mean(double sum) => _weight > 0 ? sum / _weight : 0;
}
