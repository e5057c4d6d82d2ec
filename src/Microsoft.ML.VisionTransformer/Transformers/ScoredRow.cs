// What scoring one image gives, and the getters that ML.NET reads it through.
using Microsoft.ML.Data;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>Probabilities of one row and the key of the most probable class.</summary>
internal static class ScoredRow
{
    /// <summary>Key (from 1) of the largest probability; 0, the missing value, where there are none or they are not numbers.</summary>
    internal static uint PredictedKey(ReadOnlySpan<float> probabilities)
    {
        int best = -1;
        for (int i = 0; i < probabilities.Length; i++)
        {
            if (!float.IsNaN(probabilities[i]) && (best < 0 || probabilities[i] > probabilities[best]))
                best = i;
        }

        return (uint)(best + 1);
    }

    /// <summary>Getter of PredictedLabel over the current row's probabilities.</summary>
    internal static ValueGetter<uint> PredictedLabelGetter(Func<ReadOnlyMemory<float>> current) =>
        (ref uint value) => value = PredictedKey(current().Span);

    /// <summary>Getter of Score over the current row's probabilities.</summary>
    internal static ValueGetter<VBuffer<float>> ScoreGetter(Func<ReadOnlyMemory<float>> current) =>
        (ref VBuffer<float> value) => VectorValues.CopyInto(current().Span, ref value);

    /// <summary>Casts a getter to the type that was asked for.</summary>
    /// <exception cref="InvalidOperationException">The column has another type.</exception>
    internal static ValueGetter<T> As<T>(Delegate getter, string column) => getter as ValueGetter<T>
        ?? throw new InvalidOperationException($"The column '{column}' was asked for as {typeof(T)}; it is {getter.GetType().GetGenericArguments()[0]}.");
}
