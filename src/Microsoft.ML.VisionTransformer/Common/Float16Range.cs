// Whether weights are finite, and whether they fit into float16.
using System.Globalization;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Common;

internal static class FiniteValues
{
    private const int Magnitude = 0x7FFFFFFF;
    private const int Infinity = 0x7F800000;

    /// <summary>Null if all values are finite; otherwise the kind of the first that is not: <c>NaN</c> or <c>infinity</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]    // it runs over all weights at the start of a process
    internal static string? FirstFault(ReadOnlySpan<float> values)
    {
        var bits = MemoryMarshal.Cast<float, int>(values);
        int at = 0;
        for (; at <= bits.Length - Vector<int>.Count; at += Vector<int>.Count)
        {
            if (Vector.GreaterThanOrEqualAny(new Vector<int>(bits[at..]) & new Vector<int>(Magnitude), new Vector<int>(Infinity)))
                break;
        }

        foreach (float value in values[at..])
        {
            if (!float.IsFinite(value))
                return float.IsNaN(value) ? "NaN" : "infinity";
        }

        return null;
    }
}

internal static class Float16Range
{
    /// <summary>Checks that no weight becomes infinite when converted to float16.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="values">Its values, finite.</param>
    /// <param name="advice">What to do instead, for the message.</param>
    /// <exception cref="InvalidOperationException">A value is beyond the largest float16 value.</exception>
    internal static void Check(string name, ReadOnlySpan<float> values, string advice)
    {
        float largest = values.IsEmpty ? 0 : MathF.Abs(TensorPrimitives.MaxMagnitude(values));
        if (largest > (float)Half.MaxValue)
            throw new InvalidOperationException($"{name} has a weight of {largest.ToString(CultureInfo.InvariantCulture)}, beyond the largest float16 value, 65504; {advice}.");
    }
}
