// Sixteen float32 numbers in a register of 512 bits: AVX-512.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.VisionTransformer.Network;

internal readonly unsafe struct Lanes16(Vector512<float> values) : ILanes<Lanes16>
{
    /// <summary>The rounding of vrndscaleps to the nearest whole number, the even one of two.</summary>
    private const byte ToNearestEven = 0;

    private readonly Vector512<float> _values = values;

    /// <summary>Whether the processor has them. Not whether .NET uses them by itself, which it does not on processors that slow down at first: a pass is long enough to be worth that.</summary>
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
    public static Lanes16 PowerOfTwo(Lanes16 n) => new(Avx512F.ShiftLeftLogical(Avx512F.Add(Avx512F.ConvertToVector512Int32(n._values), Vector512.Create(127)), 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes16 x) => Vector256.Sum(x._values.GetLower() + x._values.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lanes16 x) => Lanes8.Largest(new(Avx.Max(x._values.GetLower(), x._values.GetUpper())));
}
