// SIMD dot products of four bytes per lane behind one interface: VPDPBUSD or VPMADDUBSW on x64, SDOT on ARM64, ordinary instructions elsewhere.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// The operations of an int8 product. A lane is an output: it holds the int32 sum of products of unsigned activations and signed weights, which are read four
/// inputs at a time. Sums are exact; see <see cref="ByteTile.AddsPairsInInt16"/>.
/// </summary>
/// <typeparam name="T">The vector of sums.</typeparam>
internal unsafe interface IByteLanes<T>
    where T : struct
{
    /// <summary>Number of outputs per vector.</summary>
    static abstract int Count { get; }

    /// <summary>Loads the weights of four inputs for each output.</summary>
    static abstract T Load(sbyte* weights);

    /// <summary>Copies the activations of four inputs to each lane.</summary>
    static abstract T Broadcast(byte* activations);

    /// <summary>Adds the dot products of four activations and weights to the sums.</summary>
    static abstract T Add(T sums, T activations, T weights);

    /// <summary>Converts the sums of a row to the float32 results of a product and stores them.</summary>
    /// <param name="sums">The sums.</param>
    /// <param name="row">Zero point and scale of the activations.</param>
    /// <param name="columns">The outputs' weight sums, scales and bias.</param>
    /// <param name="y">The result at the first output.</param>
    /// <param name="add">Whether the result is added to the existing values of y.</param>
    static abstract void Store(T sums, in ByteRow row, in ByteColumns<T> columns, float* y, bool add);
}

/// <summary>How a row of activations was quantized: x = (byte - Zero) Scale.</summary>
internal readonly record struct ByteRow(int Zero, float Scale);

/// <summary>What turns the int32 sums of outputs into results: the sums and the scales of the weights of each output, and the bias.</summary>
internal readonly unsafe struct ByteColumns(int* sums, float* scales, float* bias)
{
    internal int* Sums { get; } = sums;

    internal float* Scales { get; } = scales;

    internal float* Bias { get; } = bias;

    internal ByteColumns From(int output) => new(Sums + output, Scales + output, Bias + output);

    /// <summary>The values of the first outputs, as many as a vector has lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ByteColumns<T> Load<TLanes, T>()
        where TLanes : struct, IByteLanes<T>
        where T : struct => new(TLanes.Load((sbyte*)Sums), TLanes.Load((sbyte*)Scales), TLanes.Load((sbyte*)Bias));
}

/// <summary><see cref="ByteColumns"/> in registers; scales and bias are the bits of float32 values.</summary>
internal readonly struct ByteColumns<T>(T sums, T scales, T bias)
    where T : struct
{
    internal readonly T Sums = sums, Scales = scales, Bias = bias;
}

/// <summary>8 outputs with VPDPBUSD, which adds four products to each int32.</summary>
[SuppressMessage("Usage", "CA2252:This API requires opting into preview features", Justification = "The class is marked so in the references of .NET 8 and 9 only; it has not changed since.")]
internal readonly unsafe struct VnniLanes : IByteLanes<Vector256<int>>
{
    internal static bool IsSupported => AvxVnni.IsSupported;

    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(sbyte* weights) => Avx2ByteLanes.Load(weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(byte* activations) => Avx2ByteLanes.Broadcast(activations);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sums, Vector256<int> activations, Vector256<int> weights) =>
        AvxVnni.MultiplyWideningAndAdd(sums, activations.AsByte(), weights.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<int> sums, in ByteRow row, in ByteColumns<Vector256<int>> columns, float* y, bool add) =>
        Avx2ByteLanes.Store(sums, row, columns, y, add);
}

/// <summary>16 outputs with the VPMADDUBSW and VPMADDWD of AVX-512BW.</summary>
internal readonly unsafe struct Avx512ByteLanes : IByteLanes<Vector512<int>>
{
    internal static bool IsSupported => Avx512BW.IsSupported;

    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load(sbyte* weights) => Vector512.Load(weights).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Broadcast(byte* activations) => Vector512.Create(*(int*)activations);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add(Vector512<int> sums, Vector512<int> activations, Vector512<int> weights) =>
        Avx512F.Add(sums, Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(activations.AsByte(), weights.AsSByte()), Vector512<short>.One));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<int> sums, in ByteRow row, in ByteColumns<Vector512<int>> columns, float* y, bool add)
    {
        var exact = Avx512F.Subtract(sums, Avx512F.MultiplyLow(Vector512.Create(row.Zero), columns.Sums));
        var scale = Avx512F.Multiply(Vector512.Create(row.Scale), columns.Scales.AsSingle());
        var value = Avx512F.Add(Avx512F.Multiply(Avx512F.ConvertToVector512Single(exact), scale), columns.Bias.AsSingle());
        Vector512.Store(add ? Avx512F.Add(value, Vector512.Load(y)) : value, y);
    }
}

/// <summary>8 outputs with the VPMADDUBSW and VPMADDWD of AVX2.</summary>
internal readonly unsafe struct Avx2ByteLanes : IByteLanes<Vector256<int>>
{
    internal static bool IsSupported => Avx2.IsSupported;

    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(sbyte* weights) => Vector256.Load(weights).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(byte* activations) => Vector256.Create(*(int*)activations);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sums, Vector256<int> activations, Vector256<int> weights) =>
        sums + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(activations.AsByte(), weights.AsSByte()), Vector256<short>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<int> sums, in ByteRow row, in ByteColumns<Vector256<int>> columns, float* y, bool add)
    {
        var exact = sums - (Vector256.Create(row.Zero) * columns.Sums);
        var scale = Vector256.Create(row.Scale) * columns.Scales.AsSingle();
        var value = (Vector256.ConvertToSingle(exact) * scale) + columns.Bias.AsSingle();
        (add ? value + Vector256.Load(y) : value).Store(y);
    }
}

/// <summary>4 outputs with the SDOT of ARM64, the PMADDUBSW of SSSE3, or widening on any processor.</summary>
internal readonly unsafe struct SmallByteLanes : IByteLanes<Vector128<int>>
{
    /// <summary>SDOT takes signed bytes: activations are moved down by 128, and so is their zero point.</summary>
    private const byte Middle = 128;

    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load(sbyte* weights) => Vector128.Load(weights).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Broadcast(byte* activations)
    {
        var all = Vector128.Create(*(int*)activations);
        return Dp.IsSupported ? all ^ Vector128.Create(Middle).AsInt32() : all;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> sums, Vector128<int> activations, Vector128<int> weights)
    {
        if (Dp.IsSupported)
            return Dp.DotProduct(sums, activations.AsSByte(), weights.AsSByte());
        if (Ssse3.IsSupported)
            return sums + Sse2.MultiplyAddAdjacent(Ssse3.MultiplyAddAdjacent(activations.AsByte(), weights.AsSByte()), Vector128<short>.One);
        var (leftLow, leftHigh) = Vector128.Widen(activations.AsByte());
        var (rightLow, rightHigh) = Vector128.Widen(weights.AsSByte());
        return sums + Vector128.Create(
            Dot(leftLow.GetLower(), rightLow.GetLower()), Dot(leftLow.GetUpper(), rightLow.GetUpper()),
            Dot(leftHigh.GetLower(), rightHigh.GetLower()), Dot(leftHigh.GetUpper(), rightHigh.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<int> sums, in ByteRow row, in ByteColumns<Vector128<int>> columns, float* y, bool add)
    {
        var exact = sums - (Vector128.Create(Dp.IsSupported ? row.Zero - Middle : row.Zero) * columns.Sums);
        var scale = Vector128.Create(row.Scale) * columns.Scales.AsSingle();
        var value = (Vector128.ConvertToSingle(exact) * scale) + columns.Bias.AsSingle();
        (add ? value + Vector128.Load(y) : value).Store(y);
    }

    private static int Dot(Vector64<ushort> a, Vector64<short> b) => (a[0] * b[0]) + (a[1] * b[1]) + (a[2] * b[2]) + (a[3] * b[3]);
}
