// Whether weights fit into 16-bit floats.
using System.Globalization;
using System.Numerics.Tensors;

namespace Microsoft.ML.VisionTransformer.Common;

internal static class Float16Range
{
    /// <summary>Checks that no weight becomes infinite where it is narrowed.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="values">Its values, finite.</param>
    /// <param name="advice">What to do in place of it.</param>
    /// <exception cref="InvalidOperationException">A value is beyond the largest 16-bit float.</exception>
    internal static void Check(string name, ReadOnlySpan<float> values, string advice)
    {
        float largest = values.IsEmpty ? 0 : MathF.Abs(TensorPrimitives.MaxMagnitude(values));
        if (largest > (float)Half.MaxValue)
            throw new InvalidOperationException($"{name} has a weight of {largest.ToString(CultureInfo.InvariantCulture)}, beyond the largest 16-bit float, 65504; {advice}.");
    }
}
