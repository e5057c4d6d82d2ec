// What the probabilities of a finished model are worth, and the temperature that repairs them.
namespace Microsoft.ML.VisionTransformer.Trainers;

/// <param name="Temperature">What logits are divided by; 1 leaves them as they are.</param>
/// <param name="Error">Expected calibration error with that temperature.</param>
internal sealed record Calibration(double Temperature, double Error)
{
    /// <summary>Fits the temperature to validation rows that the model was not trained on, or takes the logits as they are.</summary>
    internal static Calibration Of(JudgedRows rows, bool fit)
    {
        double temperature = fit ? TemperatureScaling.Fit(rows) : 1;
        return new Calibration(temperature, ProbabilityScores.Of(rows, temperature).CalibrationError);
    }
}
