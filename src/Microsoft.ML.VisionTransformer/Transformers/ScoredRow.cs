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

    /// <summary>Getter of a vector over the current row's numbers.</summary>
    internal static ValueGetter<VBuffer<float>> ScoreGetter(Func<ReadOnlyMemory<float>> current) =>
        (ref VBuffer<float> value) => VectorValues.CopyInto(current().Span, ref value);

    /// <summary>Which columns of a schema are asked for, by their number.</summary>
    internal static bool[] Active(DataViewSchema schema, IEnumerable<DataViewSchema.Column> columns)
    {
        bool[] active = new bool[schema.Count];
        foreach (var column in columns)
            active[column.Index] = true;
        return active;
    }

    /// <summary>Whether a column is asked for that the source does not have.</summary>
    internal static bool AnyAdded(bool[] active, DataViewSchema source) => Array.IndexOf(active, true, source.Count) >= 0;

    /// <summary>The getter of a column: the source row's own, or behind its columns one of those that scoring adds.</summary>
    /// <param name="source">The row that is scored.</param>
    /// <param name="added">Getters of the added columns.</param>
    /// <param name="active">Which columns were asked for.</param>
    /// <param name="column">The column wanted.</param>
    /// <exception cref="InvalidOperationException">The column was not asked for, or has another type.</exception>
    internal static ValueGetter<T> Getter<T>(DataViewRow source, Delegate[] added, bool[] active, DataViewSchema.Column column)
    {
        if (!active[column.Index])
            throw new InvalidOperationException($"The column '{column.Name}' was not asked for when the row or cursor was made.");
        int number = column.Index - source.Schema.Count;
        if (number < 0)
            return source.GetGetter<T>(source.Schema[column.Index]);
        return added[number] as ValueGetter<T>
            ?? throw new InvalidOperationException($"The column '{column.Name}' was asked for as {typeof(T)}; it is {added[number].GetType().GetGenericArguments()[0]}.");
    }
}
