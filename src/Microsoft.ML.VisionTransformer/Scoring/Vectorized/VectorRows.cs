// Vectorized operations on single rows of tokens, and the row-major views they work on.
using System.Runtime.CompilerServices;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// Operations on rows of any length, except for the exponentials, whose padded length is a multiple of 16. Normalization and exponentials use 16 lanes if the
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
        else if (Lanes8.IsSupported)
            Normalize<Lanes8>(x, to, length, norm);
        else
            Normalize<Lanes4>(x, to, length, norm);
    }

    /// <summary>
    /// Overwrites scores with e^(score - largest score) and returns their sum. Scores beyond <paramref name="count"/> are ignored and become 0, up to 1.2e-38.
    /// </summary>
    /// <param name="scores">The row.</param>
    /// <param name="count">Number of scores.</param>
    /// <param name="length">Padded length of the row; all of it is overwritten.</param>
    internal static float Exponentials(float* scores, int count, int length)
    {
        if (UsesSixteenLanes(length))
            return Exponentials<Lanes16>(scores, count, length);
        return Lanes8.IsSupported ? Exponentials<Lanes8>(scores, count, length) : Exponentials<Lanes4>(scores, count, length);
    }

    /// <summary>to = x.</summary>
    internal static void Copy(float* x, float* to, int length) => new ReadOnlySpan<float>(x, length).CopyTo(new Span<float>(to, length));

    /// <summary>to = x factor.</summary>
    internal static void Scale(float* x, float factor, float* to, int length)
    {
        int i = Lanes8.IsSupported ? Scale<Lanes8>(x, factor, to, length) : Scale<Lanes4>(x, factor, to, length);
        for (; i < length; i++)
            to[i] = x[i] * factor;
    }

    /// <summary>x += change factors, element by element.</summary>
    internal static void AddScaled(float* x, float* change, float* factors, int length)
    {
        int i = Lanes8.IsSupported ? AddScaled<Lanes8>(x, change, factors, length) : AddScaled<Lanes4>(x, change, factors, length);
        for (; i < length; i++)
            x[i] += change[i] * factors[i];
    }

    /// <summary>x += change.</summary>
    internal static void Add(float* x, float* change, int length)
    {
        int i = Lanes8.IsSupported ? Add<Lanes8>(x, change, length) : Add<Lanes4>(x, change, length);
        for (; i < length; i++)
            x[i] += change[i];
    }

    /// <summary>x += change factor.</summary>
    internal static void AddScaled(float* x, float* change, float factor, int length)
    {
        int i = Lanes8.IsSupported ? AddScaled<Lanes8>(x, change, factor, length) : AddScaled<Lanes4>(x, change, factor, length);
        for (; i < length; i++)
            x[i] += change[i] * factor;
    }

    /// <summary>The dot product of a and b.</summary>
    internal static float Dot(float* a, float* b, int length)
    {
        int whole = length - (length % Lanes8.Count);
        float sum = Lanes8.IsSupported ? Dot<Lanes8>(a, b, whole) : Dot<Lanes4>(a, b, whole);
        for (int i = whole; i < length; i++)
            sum += a[i] * b[i];
        return sum;
    }

    private static bool UsesSixteenLanes(int length) => Lanes16.IsSupported && length % Lanes16.Count == 0;

    /// <summary>Returns the number of values that were computed: whole vectors. So do the next three.</summary>
    private static int Scale<T>(float* x, float factor, float* to, int length)
        where T : unmanaged, ILanes<T>
    {
        int i = 0;
        for (; i + T.Count <= length; i += T.Count)
            T.Store(T.Load(x + i) * T.Of(factor), to + i);
        return i;
    }

    private static int AddScaled<T>(float* x, float* change, float* factors, int length)
        where T : unmanaged, ILanes<T>
    {
        int i = 0;
        for (; i + T.Count <= length; i += T.Count)
            T.Store(T.MultiplyAdd(T.Load(change + i), T.Load(factors + i), T.Load(x + i)), x + i);
        return i;
    }

    private static int Add<T>(float* x, float* change, int length)
        where T : unmanaged, ILanes<T>
    {
        int i = 0;
        for (; i + T.Count <= length; i += T.Count)
            T.Store(T.Load(x + i) + T.Load(change + i), x + i);
        return i;
    }

    private static int AddScaled<T>(float* x, float* change, float factor, int length)
        where T : unmanaged, ILanes<T>
    {
        int i = 0;
        for (; i + T.Count <= length; i += T.Count)
            T.Store(T.MultiplyAdd(T.Load(change + i), T.Of(factor), T.Load(x + i)), x + i);
        return i;
    }

    /// <summary>The dot product of vectors whose length is a multiple of the lanes.</summary>
    private static float Dot<T>(float* a, float* b, int length)
        where T : unmanaged, ILanes<T>
    {
        var (even, odd) = (T.Of(0), T.Of(0));
        int i = 0;
        for (; i + (2 * T.Count) <= length; i += 2 * T.Count)
        {
            even = T.MultiplyAdd(T.Load(a + i), T.Load(b + i), even);
            odd = T.MultiplyAdd(T.Load(a + i + T.Count), T.Load(b + i + T.Count), odd);
        }

        return T.Sum(i < length ? T.MultiplyAdd(T.Load(a + i), T.Load(b + i), even) + odd : even + odd);
    }

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
            square += (x[i] - mean) * (x[i] - mean);
        float scale = 1 / MathF.Sqrt((square / length) + norm.Epsilon);
        var scales = T.Of(scale);
        for (int i = 0; i < whole; i += T.Count)
            T.Store(T.MultiplyAdd((T.Load(x + i) - means) * scales, T.Load(norm.Weight + i), T.Load(norm.Bias + i)), to + i);
        for (int i = whole; i < length; i++)
            to[i] = ((x[i] - mean) * scale * norm.Weight[i]) + norm.Bias[i];
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
