// SIMD vectors of float32 behind one interface: 4 lanes on every processor, 8 with AVX2, 16 with AVX-512.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// The operations of the vectorized code: a formula is written once and compiled for each vector width. All operations are element-wise, with one
/// rounding each, except that <see cref="Lanes4"/> rounds a product and its sum separately on processors without fused multiply-add.
/// </summary>
/// <typeparam name="T">The implementing type.</typeparam>
internal unsafe interface ILanes<T> : IAdditionOperators<T, T, T>, ISubtractionOperators<T, T, T>, IMultiplyOperators<T, T, T>, IDivisionOperators<T, T, T>
    where T : unmanaged, ILanes<T>
{
    /// <summary>Number of lanes.</summary>
    static abstract int Count { get; }

    /// <summary>A vector with the value in every lane.</summary>
    static abstract T Of(float value);

    static abstract T Load(float* from);

    static abstract void Store(T x, float* to);

    /// <summary>a b + c with one rounding.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    /// <summary>c - a b with one rounding.</summary>
    static abstract T MultiplySubtract(T a, T b, T c);

    static abstract T Abs(T x);

    /// <summary>The larger of two values; <paramref name="second"/> if either is NaN.</summary>
    static abstract T Max(T first, T second);

    /// <summary>The smaller of two values; <paramref name="second"/> if either is NaN.</summary>
    static abstract T Min(T first, T second);

    /// <summary>The nearest integer, ties to even.</summary>
    static abstract T Round(T x);

    /// <summary>2^n for integers n from -126 to 127.</summary>
    static abstract T PowerOfTwo(T n);

    /// <summary>The sum of all lanes.</summary>
    static abstract float Sum(T x);

    /// <summary>The largest value of all lanes.</summary>
    static abstract float Largest(T x);

    /// <summary>Stores integers from 0 to 255 as bytes.</summary>
    static abstract void StoreBytes(T x, byte* to);
}

/// <summary>4 lanes: NEON on ARM64, SSE on x64, and ordinary instructions on other processors.</summary>
internal readonly unsafe struct Lanes4(Vector128<float> values) : ILanes<Lanes4>
{
    /// <summary>Adding and subtracting 1.5 x 2^23 rounds a float32 of less than 2^22 to the nearest integer.</summary>
    private const float Rounder = 12582912;

    private readonly Vector128<float> _values = values;

    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator +(Lanes4 a, Lanes4 b) => new(a._values + b._values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator -(Lanes4 a, Lanes4 b) => new(a._values - b._values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator *(Lanes4 a, Lanes4 b) => new(a._values * b._values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 operator /(Lanes4 a, Lanes4 b) => new(a._values / b._values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Of(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Load(float* from) => new(Vector128.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes4 x, float* to) => x._values.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 MultiplyAdd(Lanes4 a, Lanes4 b, Lanes4 c) => new(MultiplyAdd(a._values, b._values, c._values));

    /// <summary>a b + c.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c)
    {
        if (Fma.IsSupported)
            return Fma.MultiplyAdd(a, b, c);
        return AdvSimd.IsSupported ? AdvSimd.FusedMultiplyAdd(c, a, b) : (a * b) + c;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 MultiplySubtract(Lanes4 a, Lanes4 b, Lanes4 c)
    {
        if (Fma.IsSupported)
            return new(Fma.MultiplyAddNegated(a._values, b._values, c._values));
        return new(AdvSimd.IsSupported ? AdvSimd.FusedMultiplySubtract(c._values, a._values, b._values) : c._values - (a._values * b._values));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Abs(Lanes4 x) => new(Vector128.Abs(x._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Max(Lanes4 first, Lanes4 second) =>
        new(Vector128.ConditionalSelect(Vector128.GreaterThan(first._values, second._values), first._values, second._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Min(Lanes4 first, Lanes4 second) =>
        new(Vector128.ConditionalSelect(Vector128.LessThan(first._values, second._values), first._values, second._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Round(Lanes4 x) => new(x._values + Vector128.Create(Rounder) - Vector128.Create(Rounder));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 PowerOfTwo(Lanes4 n) => new(Vector128.ShiftLeft(Vector128.ConvertToInt32(n._values) + Vector128.Create(127), 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes4 x) => Vector128.Sum(x._values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lanes4 x) => MathF.Max(MathF.Max(x._values[0], x._values[1]), MathF.Max(x._values[2], x._values[3]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(Lanes4 x, byte* to)
    {
        var shorts = Vector128.Narrow(Vector128.ConvertToInt32(x._values), Vector128<int>.Zero);
        *(int*)to = Vector128.Narrow(shorts, Vector128<short>.Zero).AsInt32()[0];
    }
}

/// <summary>8 lanes with AVX2 and FMA.</summary>
internal readonly unsafe struct Lanes8(Vector256<float> values) : ILanes<Lanes8>
{
    private readonly Vector256<float> _values = values;

    /// <summary>Whether the processor has AVX2 and FMA.</summary>
    internal static bool IsSupported => Fma.IsSupported && Avx2.IsSupported;

    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator +(Lanes8 a, Lanes8 b) => new(a._values + b._values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator -(Lanes8 a, Lanes8 b) => new(a._values - b._values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator *(Lanes8 a, Lanes8 b) => new(a._values * b._values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 operator /(Lanes8 a, Lanes8 b) => new(a._values / b._values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Of(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Load(float* from) => new(Vector256.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes8 x, float* to) => x._values.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 MultiplyAdd(Lanes8 a, Lanes8 b, Lanes8 c) => new(Fma.MultiplyAdd(a._values, b._values, c._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 MultiplySubtract(Lanes8 a, Lanes8 b, Lanes8 c) => new(Fma.MultiplyAddNegated(a._values, b._values, c._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Abs(Lanes8 x) => new(Vector256.Abs(x._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Max(Lanes8 first, Lanes8 second) => new(Avx.Max(first._values, second._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Min(Lanes8 first, Lanes8 second) => new(Avx.Min(first._values, second._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Round(Lanes8 x) => new(Avx.RoundToNearestInteger(x._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 PowerOfTwo(Lanes8 n) => new(Vector256.ShiftLeft(Avx.ConvertToVector256Int32(n._values) + Vector256.Create(127), 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes8 x) => Vector256.Sum(x._values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lanes8 x)
    {
        var four = Sse.Max(x._values.GetLower(), x._values.GetUpper());
        var two = Sse.Max(four, Sse.MoveHighToLow(four, four));
        return MathF.Max(two[0], two[1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(Lanes8 x, byte* to)
    {
        var integers = Avx.ConvertToVector256Int32(x._values);
        var shorts = Sse2.PackSignedSaturate(integers.GetLower(), integers.GetUpper());
        *(long*)to = Sse2.PackUnsignedSaturate(shorts, shorts).AsInt64()[0];
    }
}

/// <summary>16 lanes with AVX-512.</summary>
internal readonly unsafe struct Lanes16(Vector512<float> values) : ILanes<Lanes16>
{
    /// <summary>The control byte of vrndscaleps that rounds to the nearest integer, ties to even.</summary>
    private const byte ToNearestEven = 0;

    private readonly Vector512<float> _values = values;

    /// <summary>
    /// Whether the processor has AVX-512. This does not ask whether .NET uses it by default, because .NET avoids it on processors that lower their clock for it
    /// at first; a forward pass is long enough to gain despite that.
    /// </summary>
    internal static bool IsSupported => Avx512F.IsSupported;

    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator +(Lanes16 a, Lanes16 b) => new(Avx512F.Add(a._values, b._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator -(Lanes16 a, Lanes16 b) => new(Avx512F.Subtract(a._values, b._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator *(Lanes16 a, Lanes16 b) => new(Avx512F.Multiply(a._values, b._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 operator /(Lanes16 a, Lanes16 b) => new(Avx512F.Divide(a._values, b._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Of(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Load(float* from) => new(Avx512F.LoadVector512(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes16 x, float* to) => Avx512F.Store(to, x._values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 MultiplyAdd(Lanes16 a, Lanes16 b, Lanes16 c) => new(Avx512F.FusedMultiplyAdd(a._values, b._values, c._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 MultiplySubtract(Lanes16 a, Lanes16 b, Lanes16 c) => new(Avx512F.FusedMultiplyAddNegated(a._values, b._values, c._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Abs(Lanes16 x) => new(Vector512.Abs(x._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Max(Lanes16 first, Lanes16 second) => new(Avx512F.Max(first._values, second._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Min(Lanes16 first, Lanes16 second) => new(Avx512F.Min(first._values, second._values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Round(Lanes16 x) => new(Avx512F.RoundScale(x._values, ToNearestEven));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 PowerOfTwo(Lanes16 n) =>
        new(Avx512F.ShiftLeftLogical(Avx512F.Add(Avx512F.ConvertToVector512Int32(n._values), Vector512.Create(127)), 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes16 x) => Vector256.Sum(x._values.GetLower() + x._values.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lanes16 x) => Lanes8.Largest(new(Avx.Max(x._values.GetLower(), x._values.GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(Lanes16 x, byte* to) => Avx512F.ConvertToVector128Byte(Avx512F.ConvertToVector512Int32(x._values)).Store(to);
}
