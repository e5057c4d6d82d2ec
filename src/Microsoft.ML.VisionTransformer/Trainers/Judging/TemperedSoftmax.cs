// The softmax of logits over a temperature, in 64-bit numbers on the processor.
namespace Microsoft.ML.VisionTransformer.Trainers;

internal static class TemperedSoftmax
{
    /// <summary>Writes softmax(logits / temperature).</summary>
    /// <param name="logits">Logits of one row, finite.</param>
    /// <param name="temperature">Above 0.</param>
    /// <param name="probabilities">As many.</param>
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
