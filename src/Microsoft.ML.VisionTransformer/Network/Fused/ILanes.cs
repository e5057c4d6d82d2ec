// Some float32 numbers that one instruction works on together.
using System.Numerics;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// What the vector code is written in: a formula stands once and is compiled for each width of vector. All operations are those of the single numbers, with one rounding each.
/// </summary>
/// <typeparam name="T">The type itself.</typeparam>
internal unsafe interface ILanes<T> : IAdditionOperators<T, T, T>, ISubtractionOperators<T, T, T>, IMultiplyOperators<T, T, T>, IDivisionOperators<T, T, T>
    where T : unmanaged, ILanes<T>
{
    /// <summary>How many numbers.</summary>
    static abstract int Count { get; }

    /// <summary>The number everywhere.</summary>
    static abstract T Of(float value);

    static abstract T Load(float* from);

    static abstract void Store(T x, float* to);

    /// <summary>a b + c with one rounding.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    /// <summary>c - a b with one rounding.</summary>
    static abstract T MultiplySubtract(T a, T b, T c);

    static abstract T Abs(T x);

    /// <summary>The larger of two numbers; <paramref name="second"/> where one of them is NaN.</summary>
    static abstract T Max(T first, T second);

    /// <summary>The smaller of two numbers; <paramref name="second"/> where one of them is NaN.</summary>
    static abstract T Min(T first, T second);

    /// <summary>The nearest whole number, the even one of two.</summary>
    static abstract T Round(T x);

    /// <summary>2^n of whole numbers from -126 to 127.</summary>
    static abstract T PowerOfTwo(T n);

    /// <summary>The sum of all.</summary>
    static abstract float Sum(T x);

    /// <summary>The largest of all.</summary>
    static abstract float Largest(T x);
}
