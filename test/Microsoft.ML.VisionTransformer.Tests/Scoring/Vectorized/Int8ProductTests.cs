// int8 products against exact integer arithmetic.
using System.Runtime.Intrinsics;
using Microsoft.ML.VisionTransformer.Scoring.Vectorized;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Weights;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring.Vectorized;

[TestClass]
public sealed unsafe class Int8ProductTests
{
    [TestMethod]
    [DataRow(6, 8, 16)]
    [DataRow(12, 7, 32)]
    [DataRow(18, 193, 48)]
    [DataRow(24, 768, 10)]
    [DataRow(6, 3072, 144)]
    public void AProductIsThatOfTheBytes(int rows, int inputs, int outputs)
    {
        float[] a = Values(rows * inputs, 1), weight = Values(outputs * inputs, 2);
        int padded = MatrixTile.PaddedColumns(outputs);
        float[] bias = [.. Values(outputs, 3), .. new float[padded - outputs]], y = Values(rows * padded, 4), sum = [.. y], before = [.. y];

        Multiply(a, rows, inputs, weight, outputs, bias, y, add: false);
        Multiply(a, rows, inputs, weight, outputs, null, sum, add: true);

        for (int row = 0; row < rows; row++)
        {
            for (int output = 0; output < outputs; output++)
            {
                double product = Expected(a.AsSpan(row * inputs, inputs), weight.AsSpan(output * inputs, inputs));
                Assert.AreEqual(product + bias[output], y[(row * padded) + output], 1e-4, $"y[{row}, {output}]");
                Assert.AreEqual(product + before[(row * padded) + output], sum[(row * padded) + output], 1e-4, $"sum[{row}, {output}]");
            }
        }
    }

    /// <summary>The largest activations times the largest weights of one sign: the intermediate sums of VPMADDUBSW would saturate with weights of 8 bits.</summary>
    [TestMethod]
    [DataRow(1f)]
    [DataRow(-1f)]
    public void TheLargestSumsAreExact(float sign)
    {
        const int Rows = 6, Inputs = 256, Outputs = 64;
        float[] a = [.. Enumerable.Repeat(1f, Rows * Inputs)], weight = [.. Enumerable.Repeat(sign, Outputs * Inputs)], y = new float[Rows * Outputs];

        Multiply(a, Rows, Inputs, weight, Outputs, null, y, add: false);

        foreach (float value in y)
            Assert.AreEqual(sign * Inputs, value, Inputs * 0.01);
    }

    [TestMethod]
    [DataRow(float.NaN)]
    [DataRow(float.PositiveInfinity)]
    [DataRow(float.NegativeInfinity)]
    public void AnActivationThatIsNotFiniteGivesNaN(float bad)
    {
        foreach (int inputs in new[] { 32, 37 })
        {
            foreach (int position in new[] { 0, inputs - 1 })
            {
                float[] a = Values(6 * inputs, 1), weight = Values(16 * inputs, 2), y = new float[6 * 16];
                a[position] = bad;

                Multiply(a, 6, inputs, weight, 16, null, y, add: false);

                Assert.IsTrue(y[..16].All(float.IsNaN), "the row of that activation");
                Assert.IsTrue(y[16..].All(float.IsFinite), "the other rows");
            }
        }
    }

    [TestMethod]
    [DataRow(0f)]
    [DataRow(1e-42f)]
    public void ARowWithoutARangeIsZero(float value)
    {
        float[] a = [.. Enumerable.Repeat(value, 6 * 20)], weight = Values(16 * 20, 2), y = new float[6 * 16];

        Multiply(a, 6, 20, weight, 16, null, y, add: false);

        Assert.IsTrue(y.All(v => v == 0));
    }

    [TestMethod]
    public void EveryVectorWidthAddsTheSameProducts()
    {
        AssertDots<SmallByteLanes, Vector128<int>>();
        if (Avx2ByteLanes.IsSupported)
            AssertDots<Avx2ByteLanes, Vector256<int>>();
        if (Avx512ByteLanes.IsSupported)
            AssertDots<Avx512ByteLanes, Vector512<int>>();
        if (VnniLanes.IsSupported)
            AssertDots<VnniLanes, Vector256<int>>();
    }

    [TestMethod]
    [DataRow(4)]
    [DataRow(8)]
    [DataRow(16)]
    public void GeluForBytesIsCloseToItsFormula(int lanes)
    {
        Requires.If(lanes == 4 || (lanes == 8 ? Lanes8.IsSupported : Lanes16.IsSupported), $"vectors of {lanes} values");
        float[] x = [.. Enumerable.Range(0, 4000).Select(i => (i - 2000) / 100f)], y = [.. x];
        fixed (float* start = y)
        {
            if (lanes == 16)
                VectorActivations.RoughGelu<Lanes16>(start, x.Length, 1, x.Length);
            else if (lanes == 8)
                VectorActivations.RoughGelu<Lanes8>(start, x.Length, 1, x.Length);
            else
                VectorActivations.RoughGelu<Lanes4>(start, x.Length, 1, x.Length);
        }

        float[] exact = [.. x];
        fixed (float* start = exact)
        {
            VectorActivations.Apply<Lanes4>(MlpActivation.Gelu, start, x.Length, 1, x.Length);
        }

        for (int i = 0; i < x.Length; i++)
            Assert.AreEqual(exact[i], y[i], 2e-4 + (1e-4 * Math.Abs(x[i])), $"{x[i]}");
    }

    /// <summary>Quantizes both matrices and multiplies them.</summary>
    private static void Multiply(float[] a, int rows, int inputs, float[] weight, int outputs, float[]? bias, float[] y, bool add)
    {
        int padded = MatrixTile.PaddedColumns(outputs);
        using var activations = new QuantizedRows(rows, inputs);
        fixed (float* pa = a, pw = weight, pb = bias, py = y)
        {
            using var matrix = new QuantizedMatrix(pw, outputs, inputs);
            for (int row = 0; row < rows; row++)
                activations.Quantize(row, pa + (row * inputs), inputs);
            matrix.Multiply(matrix.Activations(activations, 0), rows, pb, new FusedRows(py, padded), add, 0, padded / MatrixTile.Columns);
        }
    }

    /// <summary>The product of a row and the weights of an output, both rounded to bytes by the documented rule.</summary>
    private static double Expected(ReadOnlySpan<float> x, ReadOnlySpan<float> weights)
    {
        float high = 0, low = 0;
        foreach (float value in x)
            (high, low) = (MathF.Max(high, value), MathF.Min(low, value));
        float scale = (high - low) / 255, inverse = 1 / scale;
        int zero = (int)MathF.Round(-low * inverse);
        sbyte[] bytes = new sbyte[weights.Length];
        float weightScale = Int8Weights.Quantize(weights, bytes, ByteTile.AddsPairsInInt16);
        long sum = 0;
        for (int i = 0; i < x.Length; i++)
            sum += (long)(Math.Clamp(MathF.Round(x[i] * inverse) + zero, 0, 255) - zero) * bytes[i];
        return sum * (double)scale * weightScale;
    }

    private static void AssertDots<TLanes, T>()
        where TLanes : struct, IByteLanes<T>
        where T : struct
    {
        const int Zero = 3;
        byte[] activations = [255, 0, 128, 77];
        sbyte[] weights = [.. Enumerable.Range(0, 4 * TLanes.Count).Select(i => (sbyte)((i * 37 % 129) - 64))];
        int[] weightSums = [.. Enumerable.Range(0, TLanes.Count).Select(o => weights[(4 * o)..((4 * o) + 4)].Sum(w => (int)w))];
        float[] scales = [.. Enumerable.Repeat(2f, TLanes.Count)], bias = [.. Enumerable.Range(0, TLanes.Count).Select(o => (float)o)], y = new float[TLanes.Count];
        fixed (byte* a = activations)
        fixed (sbyte* w = weights)
        fixed (int* sums = weightSums)
        fixed (float* s = scales, b = bias, to = y)
        {
            var once = TLanes.Add(default, TLanes.Broadcast(a), TLanes.Load(w));
            var twice = TLanes.Add(once, TLanes.Broadcast(a), TLanes.Load(w));

            // Two steps read eight inputs, so the weights' sums count twice.
            for (int o = 0; o < TLanes.Count; o++)
                sums[o] *= 2;
            TLanes.Store(twice, new ByteRow(Zero, 0.5f), new ByteColumns(sums, s, b).Load<TLanes, T>(), to, add: false);
        }

        for (int o = 0; o < TLanes.Count; o++)
        {
            int dot = 2 * Enumerable.Range(0, 4).Sum(i => (activations[i] - Zero) * weights[(4 * o) + i]);
            Assert.AreEqual(dot + o, y[o], 1e-3, $"{typeof(TLanes).Name}, output {o}");
        }
    }

    private static float[] Values(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5))];
    }
}
