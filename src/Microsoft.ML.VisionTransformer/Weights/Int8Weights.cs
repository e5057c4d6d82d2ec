// Weights of linear layers as int8 with one scale per output.
using System.Numerics.Tensors;

namespace Microsoft.ML.VisionTransformer.Weights;

/// <summary>
/// Symmetric quantization of the weights of one output: w = byte scale, with scale = max |w| / 127. Scoring in int8 and model files use the same rule,
/// so a model that was stored in int8 is scored with the stored bytes on processors that multiply 8-bit weights.
/// </summary>
internal static class Int8Weights
{
    /// <summary>The largest byte.</summary>
    internal const int Largest = sbyte.MaxValue;

    /// <summary>Quantizes the weights of an output and returns their scale; 0 if all weights are 0.</summary>
    /// <param name="weights">Finite weights.</param>
    /// <param name="bytes">Receives as many bytes.</param>
    /// <param name="limitPairs">
    /// Whether the scale is so large that two neighboring bytes (0 and 1, 2 and 3, ...) of the same sign add up to at most 128 in absolute value.
    /// </param>
    internal static float Quantize(ReadOnlySpan<float> weights, Span<sbyte> bytes, bool limitPairs = false)
    {
        float largest = MathF.Abs(TensorPrimitives.MaxMagnitude(weights));

        // Two values of together 127 scales round to at most 128. Values of opposite signs have a smaller sum than one of them.
        for (int i = 1; limitPairs && i < weights.Length; i += 2)
            largest = MathF.Max(largest, MathF.Abs(weights[i] + weights[i - 1]));
        float scale = largest / Largest;

        // The quotient of a denormal number may be infinite; such weights are 0 in any useful sense.
        float inverse = 1 / scale;
        if (!float.IsFinite(inverse))
        {
            bytes.Clear();
            return 0;
        }

        for (int i = 0; i < weights.Length; i++)
            bytes[i] = (sbyte)Math.Clamp(MathF.Round(weights[i] * inverse), -Largest, Largest);
        return scale;
    }

    /// <summary>Restores weights.</summary>
    internal static void Restore(ReadOnlySpan<sbyte> bytes, float scale, Span<float> weights)
    {
        for (int i = 0; i < bytes.Length; i++)
            weights[i] = bytes[i] * scale;
    }
}
