// Operations on single rows of tokens, as many numbers at a time as the processor takes.
using System.Runtime.CompilerServices;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>All lengths are multiples of 8; where they are one of 16 and the processor has registers for that, 16 numbers are worked on at a time.</summary>
internal static unsafe class VectorRows
{
    /// <summary>Layer normalisation (arXiv:1607.06450) of some rows; they may be their own result.</summary>
    internal static void Normalize(FusedRows x, FusedRows to, int first, int end, int length, in NormWeights norm)
    {
        for (int row = first; row < end; row++)
            Normalize(x.Row(row), to.Row(row), length, norm);
    }

    /// <summary>Layer normalisation of one row; it may be its own result.</summary>
    internal static void Normalize(float* x, float* to, int length, in NormWeights norm)
    {
        if (TakesSixteen(length))
            Normalize<Lanes16>(x, to, length, norm);
        else
            Normalize<Lanes8>(x, to, length, norm);
    }

    /// <summary>Overwrites scores with e^(score - largest score); gives the sum. Scores beyond <paramref name="count"/> count nothing and become 0.</summary>
    /// <param name="scores">The row.</param>
    /// <param name="count">How many scores there are.</param>
    /// <param name="length">How many numbers may be overwritten.</param>
    internal static float Exponentials(float* scores, int count, int length) =>
        TakesSixteen(length) ? Exponentials<Lanes16>(scores, count, length) : Exponentials<Lanes8>(scores, count, length);

    /// <summary>to = x, of any length.</summary>
    internal static void Copy(float* x, float* to, int length)
    {
        int i = 0;
        for (; i + Lanes8.Count <= length; i += Lanes8.Count)
            Lanes8.Store(Lanes8.Load(x + i), to + i);
        for (; i < length; i++)
            to[i] = x[i];
    }

    /// <summary>to = x factor, of any length.</summary>
    internal static void Scale(float* x, float factor, float* to, int length)
    {
        int i = 0;
        for (; i + Lanes8.Count <= length; i += Lanes8.Count)
            Lanes8.Store(Lanes8.Load(x + i) * Lanes8.Of(factor), to + i);
        for (; i < length; i++)
            to[i] = x[i] * factor;
    }

    /// <summary>x += change factors, number by number.</summary>
    internal static void AddScaled(float* x, float* change, float* factors, int length)
    {
        for (int i = 0; i < length; i += Lanes8.Count)
            Lanes8.Store(Lanes8.MultiplyAdd(Lanes8.Load(change + i), Lanes8.Load(factors + i), Lanes8.Load(x + i)), x + i);
    }

    /// <summary>x += change.</summary>
    internal static void Add(float* x, float* change, int length)
    {
        for (int i = 0; i < length; i += Lanes8.Count)
            Lanes8.Store(Lanes8.Load(x + i) + Lanes8.Load(change + i), x + i);
    }

    /// <summary>x += change factor.</summary>
    internal static void AddScaled(float* x, float* change, float factor, int length)
    {
        for (int i = 0; i < length; i += Lanes8.Count)
            Lanes8.Store(Lanes8.MultiplyAdd(Lanes8.Load(change + i), Lanes8.Of(factor), Lanes8.Load(x + i)), x + i);
    }

    /// <summary>The sum of a b.</summary>
    internal static float Dot(float* a, float* b, int length)
    {
        var (even, odd) = (Lanes8.Of(0), Lanes8.Of(0));
        int i = 0;
        for (; i + (2 * Lanes8.Count) <= length; i += 2 * Lanes8.Count)
        {
            even = Lanes8.MultiplyAdd(Lanes8.Load(a + i), Lanes8.Load(b + i), even);
            odd = Lanes8.MultiplyAdd(Lanes8.Load(a + i + Lanes8.Count), Lanes8.Load(b + i + Lanes8.Count), odd);
        }

        return Lanes8.Sum(i < length ? Lanes8.MultiplyAdd(Lanes8.Load(a + i), Lanes8.Load(b + i), even) + odd : even + odd);
    }

    private static bool TakesSixteen(int length) => Lanes16.IsSupported && length % Lanes16.Count == 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Normalize<T>(float* x, float* to, int length, in NormWeights norm)
        where T : unmanaged, ILanes<T>
    {
        var sum = T.Of(0);
        for (int i = 0; i < length; i += T.Count)
            sum += T.Load(x + i);
        var mean = T.Of(T.Sum(sum) / length);
        var squares = T.Of(0);
        for (int i = 0; i < length; i += T.Count)
        {
            var away = T.Load(x + i) - mean;
            squares = T.MultiplyAdd(away, away, squares);
        }

        var scale = T.Of(1 / MathF.Sqrt((T.Sum(squares) / length) + norm.Epsilon));
        for (int i = 0; i < length; i += T.Count)
            T.Store(T.MultiplyAdd((T.Load(x + i) - mean) * scale, T.Load(norm.Weight + i), T.Load(norm.Bias + i)), to + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Exponentials<T>(float* scores, int count, int length)
        where T : unmanaged, ILanes<T>
    {
        for (int i = count; i < length; i++)
            scores[i] = float.NegativeInfinity;
        var most = T.Load(scores);
        for (int i = T.Count; i < length; i += T.Count)
            most = T.Max(most, T.Load(scores + i));
        var largest = T.Of(T.Largest(most));
        var sum = T.Of(0);
        for (int i = 0; i < length; i += T.Count)
        {
            var value = VectorActivations.Exp(T.Load(scores + i) - largest);
            T.Store(value, scores + i);
            sum += value;
        }

        // The exponential's least value stands where a score was minus infinity: too little to be seen beside 1.
        return T.Sum(sum);
    }
}

/// <summary>A matrix, row-major: where it starts and how many numbers lie from one row to the next.</summary>
internal readonly unsafe struct FusedRows(float* start, int stride)
{
    internal float* Start { get; } = start;

    internal int Stride { get; } = stride;

    /// <summary>Where a row starts.</summary>
    internal float* Row(int row) => Start + ((nint)row * Stride);

    /// <summary>What lies from a row and a column on.</summary>
    internal FusedRows From(int row, int column = 0) => new(Row(row) + column, Stride);
}

/// <summary>Weight and bias of a layer norm by address.</summary>
internal readonly unsafe struct NormWeights(float* weight, float* bias, float epsilon)
{
    internal float* Weight { get; } = weight;

    internal float* Bias { get; } = bias;

    internal float Epsilon { get; } = epsilon;

    /// <summary>Whether there is such a norm.</summary>
    internal bool Exists => Weight != null;
}
