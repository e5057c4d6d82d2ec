// Calibrates the probabilities of a trained model by temperature scaling.
namespace Microsoft.ML.VisionTransformer.Evaluation;

/// <summary>The result of a calibration.</summary>
/// <param name="Temperature">Divisor of the logits; 1 leaves them unchanged.</param>
/// <param name="Error">Expected calibration error with that temperature.</param>
internal sealed record Calibration(double Temperature, double Error)
{
    /// <summary>Fits the temperature to validation rows that the model was not trained on, or uses a temperature of 1.</summary>
    internal static Calibration Of(EvaluatedRows rows, bool fit)
    {
        double temperature = fit ? TemperatureScaling.Fit(rows) : 1;
        return new Calibration(temperature, ProbabilityScores.Of(rows, temperature).CalibrationError);
    }
}

/// <summary>
/// Temperature scaling (Guo et al. 2017, arXiv:1706.04599, section 4.2): the T above 0 with the smallest weighted mean of -ln softmax(logits / T) at
/// the true class. The order of classes and therefore the accuracy do not change.
/// </summary>
/// <remarks>
/// The loss is convex in b = 1 / T: its first derivative is the mean of E[z] - z(true), its second the mean of Var[z], under softmax(b z). Newton's
/// method finds the root of the derivative inside a bracket that is bisected if a step would leave it. Sums are float64 in the order of the rows, so
/// results are reproducible bit for bit.
/// </remarks>
internal static class TemperatureScaling
{
    /// <summary>Range of plausible temperatures; those of the networks of Guo et al. are between 1 and 3.</summary>
    internal const double Least = 0.05, Most = 20;

    private const int MostSteps = 100;

    /// <summary>Relative change of b at which the fit has converged.</summary>
    private const double Tolerance = 1e-10;

    /// <summary>Fits the temperature, in [0.05, 20].</summary>
    /// <returns>
    /// 1 if the rows do not determine a temperature: no row has a weight, or no row has a logit above that of its class. The loss then decreases down
    /// to T = 0, and minimizing it would make a network that was correct on twenty rows claim certainty.
    /// </returns>
    internal static double Fit(EvaluatedRows rows)
    {
        if (!AnyWrong(rows))
            return 1;
        double low = 1 / Most, high = 1 / Least, b = 1;
        if (Slope(rows, low).First >= 0)
            return Most;
        if (Slope(rows, high).First <= 0)
            return Least;
        for (int step = 0; step < MostSteps; step++)
        {
            var (first, second) = Slope(rows, b);
            if (first < 0)
                low = b;
            else
                high = b;
            double next = b - first / second;
            if (!(next >= low && next <= high))    // NaN too
                next = (low + high) / 2;
            bool found = Math.Abs(next - b) <= Tolerance * b;
            b = next;
            if (found)
                break;
        }

        return 1 / b;
    }

    private static bool AnyWrong(EvaluatedRows rows)
    {
        for (int row = 0; row < rows.Count; row++)
        {
            var logits = rows.Logits(row);
            float own = logits[rows.Class(row)];
            foreach (float logit in logits)
            {
                if (logit > own && rows.Weight(row) > 0)
                    return true;
            }
        }

        return false;
    }

    /// <summary>First and second derivative of the weighted sum of losses with respect to b.</summary>
    private static (double First, double Second) Slope(EvaluatedRows rows, double b)
    {
        double first = 0, second = 0;
        for (int row = 0; row < rows.Count; row++)
        {
            var logits = rows.Logits(row);
            double largest = double.NegativeInfinity, sum = 0, mean = 0, square = 0;
            foreach (float logit in logits)
                largest = Math.Max(largest, logit);
            foreach (float logit in logits)
            {
                double below = logit - largest, weight = Math.Exp(b * below);
                sum += weight;
                mean += weight * below;
                square += weight * below * below;
            }

            (mean, square) = (mean / sum, square / sum);
            first += rows.Weight(row) * (mean - (logits[rows.Class(row)] - largest));
            second += rows.Weight(row) * (square - mean * mean);
        }

        return (first, second);
    }
}

internal static class TemperedSoftmax
{
    /// <summary>Writes softmax(logits / temperature).</summary>
    /// <param name="logits">Logits of one row, finite.</param>
    /// <param name="temperature">Above 0.</param>
    /// <param name="probabilities">Receives one value per logit.</param>
    internal static void Fill(ReadOnlySpan<float> logits, double temperature, Span<double> probabilities)
    {
        double largest = double.NegativeInfinity, sum = 0;
        foreach (float logit in logits)
            largest = Math.Max(largest, logit);
        for (int k = 0; k < logits.Length; k++)
            sum += probabilities[k] = Math.Exp((logits[k] - largest) / temperature);
        for (int k = 0; k < logits.Length; k++)
            probabilities[k] /= sum;
    }
}
