// The parts of the vectorized code against double precision.
using Microsoft.ML.VisionTransformer.Scoring.Vectorized;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring.Vectorized;

[TestClass]
public sealed unsafe class VectorCodeTests
{
    [TestMethod]
    [DataRow(6, 8, 16)]
    [DataRow(12, 7, 32)]
    [DataRow(18, 500, 48)]
    [DataRow(108, 768, 16)]
    [DataRow(6, 8, 64)]
    [DataRow(18, 500, 144)]
    public void AProductIsThatOfTheMatrices(int rows, int inputs, int outputs)
    {
        var (a, weight, bias) = (Values(rows * inputs, 1), Values(outputs * inputs, 2), Values(outputs, 3));
        float[] y = Values(rows * outputs, 4);
        float[] sum = [.. y];
        float[] back = new float[weight.Length];
        fixed (float* pa = a, pw = weight, pb = bias, py = y, ps = sum, pu = back)
        {
            using var packed = new PackedMatrix(pw, outputs, inputs);
            var (left, result, added) = (new FusedRows(pa, inputs), new FusedRows(py, outputs), new FusedRows(ps, outputs));
            packed.Multiply(left, rows, pb, result, add: false, 0, packed.Panels);
            packed.Multiply(left, rows, null, added, add: true, 0, 1);
            packed.Multiply(left, rows, null, added, add: true, 1, packed.Panels);
            packed.Unpack(pu);
        }

        CollectionAssert.AreEqual(weight, back, "unpacked");
        float[] before = Values(rows * outputs, 4);
        for (int row = 0; row < rows; row++)
        {
            for (int output = 0; output < outputs; output++)
            {
                double product = 0;
                for (int i = 0; i < inputs; i++)
                    product += (double)a[(row * inputs) + i] * weight[(output * inputs) + i];
                Assert.AreEqual(product + bias[output], y[(row * outputs) + output], 1e-4, $"y[{row}, {output}]");
                Assert.AreEqual(product + before[(row * outputs) + output], sum[(row * outputs) + output], 1e-4, $"sum[{row}, {output}]");
            }
        }
    }

    /// <summary>A residual is larger than what a branch adds: rounding every product to it, 500 times, would lose four bits.</summary>
    [TestMethod]
    [DataRow(16)]
    [DataRow(64)]
    public void AProductAddedToLargeNumbersIsRoundedToThemOnce(int outputs)
    {
        const int Rows = MatrixTile.Rows, Inputs = 500;
        const float Large = 1000;
        float[] a = Values(Rows * Inputs, 1), weight = Values(outputs * Inputs, 2), y = [.. Enumerable.Repeat(Large, Rows * outputs)];
        fixed (float* pa = a, pw = weight, py = y)
        {
            using var packed = new PackedMatrix(pw, outputs, Inputs);
            packed.Multiply(new FusedRows(pa, Inputs), Rows, null, new FusedRows(py, outputs), add: true, 0, packed.Panels);
        }

        // Two blocks of inputs, each rounded to half a unit in the last place of values around 1000; the sums themselves are more accurate.
        double unit = MathF.BitIncrement(Large) - Large;
        for (int row = 0; row < Rows; row++)
        {
            for (int output = 0; output < outputs; output++)
            {
                double product = Enumerable.Range(0, Inputs).Sum(i => (double)a[(row * Inputs) + i] * weight[(output * Inputs) + i]);
                Assert.AreEqual(Large + product, y[(row * outputs) + output], 1.1 * unit, $"y[{row}, {output}]");
            }
        }
    }

    [TestMethod]
    public void AWideTileGivesTheNumbersOfTheNarrowOnes()
    {
        Requires.Avx512();
        const int rows = MatrixTile.Rows, inputs = 37, outputs = WideTile.Panels * MatrixTile.Columns;
        var (a, panels, bias, start) = (Values(rows * inputs, 1), Values(inputs * outputs, 2), Values(outputs, 3), Values(rows * outputs, 4));
        foreach (bool add in new[] { false, true })
        {
            float[] wide = [.. start], narrow = [.. start];
            fixed (float* pa = a, pp = panels, pb = bias, pw = wide, pn = narrow)
            {
                var left = new FusedRows(pa, inputs);
                MatrixTile.Multiply(left, pp, WideTile.Panels, inputs, new FusedRows(pw, outputs), pb, add, pp, pace: 5);
                for (int panel = 0; panel < WideTile.Panels; panel++)
                {
                    int column = panel * MatrixTile.Columns;
                    MatrixTile.Multiply(left, pp + (column * inputs), 1, inputs, new FusedRows(pn + column, outputs), pb + column, add, pp, pace: 6);
                }
            }

            CollectionAssert.AreEqual(narrow, wide, $"add: {add}");
        }
    }

    [TestMethod]
    [DataRow(8, 8)]
    [DataRow(16, 37)]
    [DataRow(5, 12)]
    public void ATurnedMatrixHasItsColumnsAsRows(int rows, int columns)
    {
        int stride = columns + 3, toStride = rows + 5;
        float[] matrix = Values(rows * stride, 6), transposed = new float[columns * toStride];
        fixed (float* from = matrix, to = transposed)
            MatrixTranspose.Transpose(new FusedRows(from, stride), rows, columns, new FusedRows(to, toStride), 0.5f);
        for (int i = 0; i < transposed.Length; i++)
        {
            var (row, column) = (i / toStride, i % toStride);
            Assert.AreEqual(column < rows ? matrix[(column * stride) + row] * 0.5f : 0, transposed[i], $"row {row}, column {column}");
        }
    }

    [TestMethod]
    [DataRow(8)]
    [DataRow(24)]
    [DataRow(64)]
    public void TheProductOfTwoRowsIsTheirSumOfProducts(int length)
    {
        float[] a = Values(length, 7), b = Values(length, 8);
        fixed (float* pa = a, pb = b)
            Assert.AreEqual(a.Zip(b, (x, y) => (double)x * y).Sum(), VectorRows.Dot(pa, pb, length), 1e-5);
    }

    [TestMethod]
    [DataRow(4)]
    [DataRow(8)]
    [DataRow(16)]
    public void TheExponentialIsWithinTwoUnitsInTheLastPlace(int lanes)
    {
        double worst = 0;
        for (float x = -87; x < 88; x += 0.0137f)
        {
            float found = Exp(x, lanes);
            worst = Math.Max(worst, Math.Abs(found - Math.Exp(x)) / (MathF.BitIncrement(found) - found));
        }

        Assert.IsLessThanOrEqualTo(2, worst, "units in the last place");
        Assert.IsTrue(float.IsNaN(Exp(float.NaN, lanes)));
    }

    [TestMethod]
    [DataRow(MlpActivation.Gelu, 4)]
    [DataRow(MlpActivation.GeluTanh, 4)]
    [DataRow(MlpActivation.QuickGelu, 4)]
    [DataRow(MlpActivation.Gelu, 8)]
    [DataRow(MlpActivation.GeluTanh, 8)]
    [DataRow(MlpActivation.QuickGelu, 8)]
    [DataRow(MlpActivation.Gelu, 16)]
    [DataRow(MlpActivation.GeluTanh, 16)]
    [DataRow(MlpActivation.QuickGelu, 16)]
    public void AnActivationIsItsFormula(MlpActivation activation, int lanes)
    {
        RequireLanes(lanes);
        float[] x = [.. Enumerable.Range(0, 1608).Select(i => (i - 804) / 60f), float.NaN, 1e30f, -1e30f, 0, 100, -100, 20, -20];
        float[] found = [.. x];
        fixed (float* start = found)
        {
            if (lanes == Lanes16.Count)
                VectorActivations.Apply<Lanes16>(activation, start, x.Length, 1, x.Length);
            else if (lanes == Lanes8.Count)
                VectorActivations.Apply<Lanes8>(activation, start, x.Length, 1, x.Length);
            else
                VectorActivations.Apply<Lanes4>(activation, start, x.Length, 1, x.Length);
        }

        for (int i = 0; i < x.Length; i++)
        {
            double expected = activation switch
            {
                MlpActivation.GeluTanh => 0.5 * x[i] * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x[i] + (0.044715 * Math.Pow(x[i], 3))))),
                MlpActivation.QuickGelu => x[i] / (1 + Math.Exp(-1.702 * x[i])),
                _ => x[i] * Phi(x[i]),
            };
            if (double.IsNaN(expected))
                Assert.IsTrue(float.IsNaN(found[i]), $"{activation} of {x[i]}");
            else
                Assert.AreEqual(expected, found[i], 3e-7 * Math.Max(1, Math.Abs(x[i])), $"{activation} of {x[i]}");
        }
    }

    [TestMethod]
    [DataRow(1, 16)]
    [DataRow(13, 16)]
    [DataRow(16, 16)]
    [DataRow(197, 208)]
    [DataRow(19, 24)]
    public void ExponentialsOfScoresAreThoseOfTheSoftmax(int count, int length)
    {
        float[] scores = Values(length, 5);
        float[] found = [.. scores];
        float sum;
        fixed (float* start = found)
            sum = VectorRows.Exponentials(start, count, length);
        double most = scores[..count].Max(), total = scores[..count].Sum(s => Math.Exp(s - most));
        Assert.AreEqual(total, sum, 1e-6 * total);
        for (int i = 0; i < count; i++)
            Assert.AreEqual(Math.Exp(scores[i] - most), found[i], 1e-6, $"score {i}");
        for (int i = count; i < length; i++)
            Assert.IsLessThan(1e-30f, found[i], $"number {i}, behind the scores");
    }

    private static float Exp(float x, int lanes)
    {
        RequireLanes(lanes);
        float* result = stackalloc float[Lanes16.Count];
        if (lanes == Lanes16.Count)
            Lanes16.Store(VectorActivations.Exp(Lanes16.Of(x)), result);
        else if (lanes == Lanes8.Count)
            Lanes8.Store(VectorActivations.Exp(Lanes8.Of(x)), result);
        else
            Lanes4.Store(VectorActivations.Exp(Lanes4.Of(x)), result);
        return result[lanes - 1];
    }

    private static void RequireLanes(int lanes)
    {
        if (lanes == Lanes16.Count)
            Requires.Avx512();
        if (lanes == Lanes8.Count)
            Requires.Avx2();
    }

    /// <summary>The normal distribution function by its power series, or its limits.</summary>
    private static double Phi(double x)
    {
        if (Math.Abs(x) > 8)
            return x > 0 ? 1 : double.IsNaN(x) ? x : 0;
        double term = x, sum = x;
        for (int n = 1; n < 300; n++)
        {
            term *= x * x / ((2 * n) + 1);
            sum += term;
        }

        return 0.5 + (sum * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI));
    }

    private static float[] Values(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
    }
}
