// Vectorized operations on single rows of tokens, and the row-major views they work on.
using System.Runtime.CompilerServices;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// Operations on rows of any length, except for the exponentials, whose padded length is a multiple of 8. Normalization and exponentials use 16 lanes if the
/// length is a multiple of 16 and the processor has AVX-512.
/// </summary>
internal static unsafe class VectorRows
{
    /// <summary>Layer normalization (arXiv:1607.06450) of the rows from first to end; the output may be the input.</summary>
    internal static void Normalize(FusedRows x, FusedRows to, int first, int end, int length, in NormWeights norm)
    {
        for (int row = first; row < end; row++)
            Normalize(x.Row(row), to.Row(row), length, norm);
    }

    /// <summary>Layer normalization of one row; the output may be the input.</summary>
    internal static void Normalize(float* x, float* to, int length, in NormWeights norm)
    {
        if (UsesSixteenLanes(length))
            Normalize<Lanes16>(x, to, length, norm);
        else
            Normalize<Lanes8>(x, to, length, norm);
    }

    /// <summary>
    /// Overwrites scores with e^(score - largest score) and returns their sum. Scores beyond <paramref name="count"/> are ignored and become 0, up to 1.2e-38.
    /// </summary>
    /// <param name="scores">The row.</param>
    /// <param name="count">Number of scores.</param>
    /// <param name="length">Padded length of the row; all of it is overwritten.</param>
    internal static float Exponentials(float* scores, int count, int length) =>
        UsesSixteenLanes(length) ? Exponentials<Lanes16>(scores, count, length) : Exponentials<Lanes8>(scores, count, length);

    /// <summary>to = x.</summary>
    internal static void Copy(float* x, float* to, int length)
    {
        int i = 0;
        for (; i + Lanes8.Count <= length; i += Lanes8.Count)
            Lanes8.Store(Lanes8.Load(x + i), to + i);
        for (; i < length; i++)
            to[i] = x[i];
    }

    /// <summary>to = x factor.</summary>
    internal static void Scale(float* x, float factor, float* to, int length)
    {
        int i = 0;
        for (; i + Lanes8.Count <= length; i += Lanes8.Count)
            Lanes8.Store(Lanes8.Load(x + i) * Lanes8.Of(factor), to + i);
        for (; i < length; i++)
            to[i] = x[i] * factor;
    }

    /// <summary>x += change factors, element by element.</summary>
    internal static void AddScaled(float* x, float* change, float* factors, int length)
    {
        int i = 0;
        for (; i + Lanes8.Count <= length; i += Lanes8.Count)
            Lanes8.Store(Lanes8.MultiplyAdd(Lanes8.Load(change + i), Lanes8.Load(factors + i), Lanes8.Load(x + i)), x + i);
        for (; i < length; i++)
            x[i] = MathF.FusedMultiplyAdd(change[i], factors[i], x[i]);
    }

    /// <summary>x += change.</summary>
    internal static void Add(float* x, float* change, int length)
    {
        int i = 0;
        for (; i + Lanes8.Count <= length; i += Lanes8.Count)
            Lanes8.Store(Lanes8.Load(x + i) + Lanes8.Load(change + i), x + i);
        for (; i < length; i++)
            x[i] += change[i];
    }

    /// <summary>x += change factor.</summary>
    internal static void AddScaled(float* x, float* change, float factor, int length)
    {
        int i = 0;
        for (; i + Lanes8.Count <= length; i += Lanes8.Count)
            Lanes8.Store(Lanes8.MultiplyAdd(Lanes8.Load(change + i), Lanes8.Of(factor), Lanes8.Load(x + i)), x + i);
        for (; i < length; i++)
            x[i] = MathF.FusedMultiplyAdd(change[i], factor, x[i]);
    }

    /// <summary>The dot product of a and b.</summary>
    internal static float Dot(float* a, float* b, int length)
    {
        var (even, odd) = (Lanes8.Of(0), Lanes8.Of(0));
        int i = 0;
        for (; i + (2 * Lanes8.Count) <= length; i += 2 * Lanes8.Count)
        {
            even = Lanes8.MultiplyAdd(Lanes8.Load(a + i), Lanes8.Load(b + i), even);
            odd = Lanes8.MultiplyAdd(Lanes8.Load(a + i + Lanes8.Count), Lanes8.Load(b + i + Lanes8.Count), odd);
        }

        if (i + Lanes8.Count <= length)
        {
            even = Lanes8.MultiplyAdd(Lanes8.Load(a + i), Lanes8.Load(b + i), even);
            i += Lanes8.Count;
        }

        float sum = Lanes8.Sum(even + odd);
        for (; i < length; i++)
            sum = MathF.FusedMultiplyAdd(a[i], b[i], sum);
        return sum;
    }

    private static bool UsesSixteenLanes(int length) => Lanes16.IsSupported && length % Lanes16.Count == 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Normalize<T>(float* x, float* to, int length, in NormWeights norm)
        where T : unmanaged, ILanes<T>
    {
        int whole = length - (length % T.Count);
        var sums = T.Of(0);
        for (int i = 0; i < whole; i += T.Count)
            sums += T.Load(x + i);
        float sum = T.Sum(sums);
        for (int i = whole; i < length; i++)
            sum += x[i];
        float mean = sum / length;
        var (means, squares) = (T.Of(mean), T.Of(0));
        for (int i = 0; i < whole; i += T.Count)
        {
            var deviation = T.Load(x + i) - means;
            squares = T.MultiplyAdd(deviation, deviation, squares);
        }

        float square = T.Sum(squares);
        for (int i = whole; i < length; i++)
            square = MathF.FusedMultiplyAdd(x[i] - mean, x[i] - mean, square);
        float scale = 1 / MathF.Sqrt((square / length) + norm.Epsilon);
        var scales = T.Of(scale);
        for (int i = 0; i < whole; i += T.Count)
            T.Store(T.MultiplyAdd((T.Load(x + i) - means) * scales, T.Load(norm.Weight + i), T.Load(norm.Bias + i)), to + i);
        for (int i = whole; i < length; i++)
            to[i] = MathF.FusedMultiplyAdd((x[i] - mean) * scale, norm.Weight[i], norm.Bias[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Exponentials<T>(float* scores, int count, int length)
        where T : unmanaged, ILanes<T>
    {
        for (int i = count; i < length; i++)
            scores[i] = float.NegativeInfinity;
        var max = T.Load(scores);
        for (int i = T.Count; i < length; i += T.Count)
            max = T.Max(max, T.Load(scores + i));
        var largest = T.Of(T.Largest(max));
        var sum = T.Of(0);
        for (int i = 0; i < length; i += T.Count)
        {
            var value = VectorActivations.Exp(T.Load(scores + i) - largest);
            T.Store(value, scores + i);
            sum += value;
        }

        // A score of minus infinity gives the exponential's smallest value, 1.2e-38, which does not change a sum of at least 1.
        return T.Sum(sum);
    }
}

/// <summary>A row-major matrix: its address, and the offset in values from one row to the next.</summary>
internal readonly unsafe struct FusedRows(float* start, int stride)
{
    internal float* Start { get; } = start;

    internal int Stride { get; } = stride;

    /// <summary>Address of a row.</summary>
    internal float* Row(int row) => Start + ((nint)row * Stride);

    /// <summary>The matrix that starts at a row and a column of this one.</summary>
    internal FusedRows From(int row, int column = 0) => new(Row(row) + column, Stride);
}

/// <summary>Addresses of the weight and bias of a layer norm.</summary>
internal readonly unsafe struct NormWeights(float* weight, float* bias, float epsilon)
{
    internal float* Weight { get; } = weight;

    internal float* Bias { get; } = bias;

    internal float Epsilon { get; } = epsilon;

    /// <summary>Whether the network has this norm.</summary>
    internal bool Exists => Weight != null;
}
