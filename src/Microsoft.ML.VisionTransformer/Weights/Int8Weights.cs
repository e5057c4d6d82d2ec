// Weights of linear layers as int8 with one scale per output.
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Weights;

/// <summary>
/// Symmetric quantization of the weights of one output: w = byte scale, with scale = max |w| / 127. Scoring in int8 and model files use the same rule,
/// so a model that was stored in int8 is scored with the stored bytes on processors that multiply 8-bit weights.
/// </summary>
internal static class Int8Weights
{
    /// <summary>The largest byte.</summary>
    internal const int Largest = sbyte.MaxValue;

    /// <summary>Bits of a float32 that scales do not have.</summary>
    private const int LowBits = (1 << 7) - 1;

    /// <summary>Whether a weight is the matrix [outputs, inputs] of a linear layer of a block; the first and the last layers of a network are not quantized.</summary>
    internal static bool Include(string name, long[] shape) => shape.Length == 2 && name.StartsWith("blocks.", StringComparison.Ordinal);

    /// <summary>Quantizes the weights of an output and returns their scale; 0 if all weights are 0.</summary>
    /// <param name="weights">Finite weights.</param>
    /// <param name="bytes">Receives as many bytes.</param>
    /// <param name="limitPairs">
    /// Whether the scale is so large that two neighboring bytes (0 and 1, 2 and 3, ...) of the same sign add up to at most 128 in absolute value.
    /// </param>
    internal static float Quantize(ReadOnlySpan<float> weights, Span<sbyte> bytes, bool limitPairs = false)
    {
        float largest = limitPairs ? LargestPair(weights) : MathF.Abs(TensorPrimitives.MaxMagnitude(weights));

        // A scale of 17 significant bits: its products with bytes are exact, so weights that were restored are quantized to the same bytes and scale again.
        float scale = BitConverter.Int32BitsToSingle((BitConverter.SingleToInt32Bits(largest / Largest) + LowBits) & ~LowBits);

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

    /// <summary>
    /// The largest magnitude of a weight, or of the sum of two neighbors (0 and 1, 2 and 3, ...). If it is 127 scales, two neighbors of the same sign round to bytes
    /// that add up to at most 128.
    /// </summary>
    internal static float LargestPair(ReadOnlySpan<float> weights)
    {
        // Values of opposite signs have a smaller sum than one of them.
        float largest = MathF.Abs(TensorPrimitives.MaxMagnitude(weights));
        for (int i = 1; i < weights.Length; i += 2)
            largest = MathF.Max(largest, MathF.Abs(weights[i] + weights[i - 1]));
        return largest;
    }

    /// <summary>A matrix as it is stored in files: the float32 scale of each output, then the bytes.</summary>
    /// <param name="weights">[outputs, inputs].</param>
    /// <param name="outputs">Number of outputs.</param>
    internal static byte[] Store(ReadOnlySpan<float> weights, int outputs)
    {
        int inputs = weights.Length / outputs;
        byte[] stored = GC.AllocateUninitializedArray<byte>((outputs * sizeof(float)) + weights.Length);
        var (scales, bytes) = Split(stored, outputs);
        for (int output = 0; output < outputs; output++)
            scales[output] = Quantize(weights.Slice(output * inputs, inputs), bytes.Slice(output * inputs, inputs));
        return stored;
    }

    /// <summary>Restores what <see cref="Store"/> returned. A scale that is not finite gives weights that are not.</summary>
    internal static void Restore(Span<byte> stored, int outputs, Span<float> weights)
    {
        int inputs = weights.Length / outputs;
        var (scales, bytes) = Split(stored, outputs);
        for (int output = 0; output < outputs; output++)
        {
            var row = bytes.Slice(output * inputs, inputs);
            for (int i = 0; i < inputs; i++)
                weights[(output * inputs) + i] = row[i] * scales[output];
        }
    }

    private static Parts Split(Span<byte> stored, int outputs)
    {
        int scales = outputs * sizeof(float);
        return new Parts(MemoryMarshal.Cast<byte, float>(stored[..scales]), MemoryMarshal.Cast<byte, sbyte>(stored[scales..]));
    }

    private readonly ref struct Parts(Span<float> scales, Span<sbyte> bytes)
    {
        private readonly Span<float> _scales = scales;
        private readonly Span<sbyte> _bytes = bytes;

        internal void Deconstruct(out Span<float> scales, out Span<sbyte> bytes)
        {
            scales = _scales;
            bytes = _bytes;
        }
    }
}
