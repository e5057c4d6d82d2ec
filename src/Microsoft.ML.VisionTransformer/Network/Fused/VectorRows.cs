// Operations on single rows of tokens, eight numbers at a time.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>All lengths are multiples of 8.</summary>
internal static unsafe class VectorRows
{
    /// <summary>Layer normalisation (arXiv:1607.06450) of some rows; they may be their own result.</summary>
    internal static void Normalize(FusedRows x, FusedRows to, int first, int end, int length, in NormWeights norm)
    {
        for (int row = first; row < end; row++)
            Normalize(x.Row(row), to.Row(row), length, norm);
    }

    /// <summary>Layer normalisation of one row; it may be its own result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Normalize(float* x, float* to, int length, in NormWeights norm)
    {
        var sum = Vector256<float>.Zero;
        for (int i = 0; i < length; i += 8)
            sum += Vector256.Load(x + i);
        var mean = Vector256.Create(Vector256.Sum(sum) / length);
        var squares = Vector256<float>.Zero;
        for (int i = 0; i < length; i += 8)
        {
            var away = Vector256.Load(x + i) - mean;
            squares = Fma.MultiplyAdd(away, away, squares);
        }

        var scale = Vector256.Create(1 / MathF.Sqrt((Vector256.Sum(squares) / length) + norm.Epsilon));
        for (int i = 0; i < length; i += 8)
            Fma.MultiplyAdd((Vector256.Load(x + i) - mean) * scale, Vector256.Load(norm.Weight + i), Vector256.Load(norm.Bias + i)).Store(to + i);
    }

    /// <summary>Overwrites scores with e^(score - largest score); gives the sum. Scores beyond <paramref name="count"/> count nothing and become 0.</summary>
    /// <param name="scores">The row.</param>
    /// <param name="count">How many scores there are.</param>
    /// <param name="length">How many numbers may be overwritten.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Exponentials(float* scores, int count, int length)
    {
        for (int i = count; i < length; i++)
            scores[i] = float.NegativeInfinity;
        var most = Vector256.Load(scores);
        for (int i = 8; i < length; i += 8)
            most = Avx.Max(most, Vector256.Load(scores + i));
        var largest = Vector256.Create(Largest(most));
        var sum = Vector256<float>.Zero;
        for (int i = 0; i < length; i += 8)
        {
            var value = VectorActivations.Exp(Vector256.Load(scores + i) - largest);
            value.Store(scores + i);
            sum += value;
        }

        // The exponential's least value stands where a score was minus infinity: too little to be seen beside 1.
        return Vector256.Sum(sum);
    }

    /// <summary>to = x factor.</summary>
    internal static void Scale(float* x, float factor, float* to, int length)
    {
        var factors = Vector256.Create(factor);
        int i = 0;
        for (; i + 8 <= length; i += 8)
            (Vector256.Load(x + i) * factors).Store(to + i);
        for (; i < length; i++)
            to[i] = x[i] * factor;
    }

    /// <summary>x += change factors, number by number.</summary>
    internal static void AddScaled(float* x, float* change, float* factors, int length)
    {
        for (int i = 0; i < length; i += 8)
            Fma.MultiplyAdd(Vector256.Load(change + i), Vector256.Load(factors + i), Vector256.Load(x + i)).Store(x + i);
    }

    /// <summary>x += change.</summary>
    internal static void Add(float* x, float* change, int length)
    {
        for (int i = 0; i < length; i += 8)
            (Vector256.Load(x + i) + Vector256.Load(change + i)).Store(x + i);
    }

    /// <summary>x += change factor.</summary>
    internal static void AddScaled(float* x, float* change, float factor, int length)
    {
        var factors = Vector256.Create(factor);
        for (int i = 0; i < length; i += 8)
            Fma.MultiplyAdd(Vector256.Load(change + i), factors, Vector256.Load(x + i)).Store(x + i);
    }

    /// <summary>The sum of a b.</summary>
    internal static float Dot(float* a, float* b, int length)
    {
        var sum = Vector256<float>.Zero;
        for (int i = 0; i < length; i += 8)
            sum = Fma.MultiplyAdd(Vector256.Load(a + i), Vector256.Load(b + i), sum);
        return Vector256.Sum(sum);
    }

    private static float Largest(Vector256<float> x)
    {
        float most = x[0];
        for (int i = 1; i < 8; i++)
            most = MathF.Max(most, x[i]);
        return most;
    }
}
