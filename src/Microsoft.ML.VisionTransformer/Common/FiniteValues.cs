// Finds numbers among weights that are none.
using System.Numerics;
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Common;

internal static class FiniteValues
{
    private const int Magnitude = 0x7FFFFFFF;
    private const int Infinity = 0x7F800000;

    /// <summary>Null where all values are finite; else what the first other one is: <c>NaN</c> or <c>infinity</c>.</summary>
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
