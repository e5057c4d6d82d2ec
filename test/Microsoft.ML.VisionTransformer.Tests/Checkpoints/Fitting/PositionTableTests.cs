// Each resampling method on position tables small enough to check by hand.
using Microsoft.ML.VisionTransformer.Checkpoints.Fitting;
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Fitting;

[TestClass]
public sealed class PositionTableTests
{
    /// <summary>Rounding of 32-bit results.</summary>
    private const float Tolerance = 1e-6f;

    private static readonly PositionResampling[] _kinds = Enum.GetValues<PositionResampling>();

    [TestMethod]
    public void TheSameGrid_GivesTheSameBits()
    {
        float[] table = Values(2 + 12, 3);
        var shape = new PositionTableShape(2, (3, 4), 3);

        foreach (var kind in _kinds.Where(k => k != PositionResampling.Dinov2Original))
            CollectionAssert.AreEqual(table, Resample(table, shape, (3, 4), kind), kind.ToString());
    }

    [TestMethod]
    public void ASinglePatch_IsRepeated()
    {
        foreach (var kind in _kinds)
            AssertClose([7, 7, 1, 2, 1, 2, 1, 2, 1, 2], Resample([7, 7, 1, 2], new PositionTableShape(1, 1, 2), 2, kind), kind);
    }

    [TestMethod]
    [DataRow(1, 1)]
    [DataRow(3, 5)]
    [DataRow(7, 2)]
    public void EqualEntries_StayEqual(int rows, int columns)
    {
        foreach (var kind in _kinds)
        {
            float[] found = Resample([3, 3, 3, 3], new PositionTableShape(0, 2, 1), (rows, columns), kind);
            AssertClose(Enumerable.Repeat(3f, rows * columns), found, kind);
        }
    }

    /// <summary>
    /// Point 7 of 16 is at 7.5 / 2 - 0.5 = 3.25 of 8. Keys' cubic reproduces a ramp for a = -0.5 alone: at t = 0.25 it gives 0.15625 - 0.1875 a.
    /// </summary>
    [TestMethod]
    [DataRow(PositionResampling.Timm, 3.25f)]
    [DataRow(PositionResampling.HuggingFace, 3.296875f)]
    [DataRow(PositionResampling.Bilinear, 3.25f)]
    [DataRow(PositionResampling.CornersAligned, 7f * 7 / 15)]
    public void InsideARamp_ThePointIsWhereTheKindPutsIt(object kind, float expected)
    {
        float[] ramp = [.. Enumerable.Range(0, 8).Select(i => (float)i)];

        Assert.AreEqual(expected, Resample(ramp, new PositionTableShape(0, (1, 8), 1), (1, 16), (PositionResampling)kind)[7], Tolerance);
    }

    /// <summary>Point 1 of 4 is at 1.5 * 8 / 4.1 - 0.5 = 2.4268 of 8 and mixes entries 1 to 4 by Keys' cubic with a = -0.75.</summary>
    [TestMethod]
    public void Dinov2sOffset_MovesThePoints()
    {
        const double T = (1.5 * 8 / 4.1) - 0.5 - 2, A = -0.75, S = 1 - T;
        double expected = 2 - (A * T * S * S) + ((A + 2) * S * S * S) - ((A + 3) * S * S) + 1 + (2 * A * S * T * T);
        float[] ramp = [.. Enumerable.Range(0, 8).Select(i => (float)i)];

        float found = Resample(ramp, new PositionTableShape(0, (1, 8), 1), (1, 4), PositionResampling.Dinov2Original)[1];

        Assert.AreEqual(expected, found, Tolerance);
    }

    /// <summary>The kernel is widened to twice its size; its values at 1/4, 1/4, 3/4 and 5/4 are as 111, 111, 29 and -9.</summary>
    [TestMethod]
    public void Antialiasing_CountsEveryEntryOfAShrunkSide()
    {
        var shape = new PositionTableShape(0, (1, 4), 4);
        float[] units = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

        float[] found = Resample(units, shape, (1, 2), PositionResampling.Timm);

        AssertClose(new[] { 111f, 111, 29, -9, -9, 29, 111, 111 }.Select(w => w / 242), found, PositionResampling.Timm);
    }

    [TestMethod]
    [DataRow(PositionResampling.Bilinear, new[] { 0, 0.25f, 0.75f, 1 })]
    [DataRow(PositionResampling.CornersAligned, new[] { 0, 1 / 3f, 2 / 3f, 1 })]
    public void TwoEntries_BecomeFour(object kind, float[] expected)
    {
        AssertClose(expected, Resample([0, 1], new PositionTableShape(0, (1, 2), 1), (1, 4), (PositionResampling)kind), (PositionResampling)kind);
        AssertClose(expected, Resample([0, 1], new PositionTableShape(0, (2, 1), 1), (4, 1), (PositionResampling)kind), (PositionResampling)kind);
    }

    [TestMethod]
    public void RowsAndColumns_AreNotExchanged()
    {
        var shape = new PositionTableShape(1, (2, 1), 1);

        AssertClose([9, 0, 0, 0, 1, 1, 1], Resample([9, 0, 1], shape, (2, 3), PositionResampling.Bilinear), PositionResampling.Bilinear);
    }

    [TestMethod]
    [DataRow(2, 8, 4, 4, PositionResampling.Timm, true, DisplayName = "as many entries and a square: kept, although the grid is another")]
    [DataRow(4, 4, 2, 8, PositionResampling.Timm, false, DisplayName = "as many entries and no square: resampled")]
    [DataRow(4, 4, 2, 8, PositionResampling.HuggingFace, false)]
    [DataRow(4, 4, 2, 8, PositionResampling.Bilinear, true, DisplayName = "loading .npz compares sizes alone")]
    [DataRow(4, 4, 4, 4, PositionResampling.Dinov2Original, true, DisplayName = "the same grid: kept, the offset has no say")]
    [DataRow(4, 4, 5, 5, PositionResampling.Timm, false)]
    public void ATable_IsKeptWhereTheFrameworkKeepsIt(int rows, int columns, int newRows, int newColumns, object kind, bool kept)
    {
        float[] table = Values(1 + 16, 2);
        float[] result = new float[(1 + newRows * newColumns) * 2];

        PositionTable.Fit(table, new PositionTableShape(1, (rows, columns), 2), result, (newRows, newColumns), (PositionResampling)kind);

        Assert.AreEqual(kept, result.SequenceEqual(table));
        CollectionAssert.AreEqual(table[..2], result[..2]);
    }

    [TestMethod]
    [DataRow(50, 1, 7)]
    [DataRow(16, 0, 4)]
    [DataRow(6, 5, 1)]
    public void AGridThatIsNotTold_IsASquare(int entries, int prefix, int side) =>
        Assert.AreEqual(new PositionTableShape(prefix, side, 8), PositionTableShape.Square(entries, prefix, 8, "a.npz: pos_embed"));

    [TestMethod]
    [DataRow(51, 1)]
    [DataRow(2, 2)]
    [DataRow(1, 2)]
    public void AGridThatIsNoSquare_HasToBeTold(int entries, int prefix)
    {
        string message = Assert.ThrowsExactly<InvalidCheckpointException>(() => PositionTableShape.Square(entries, prefix, 8, "a.npz: pos_embed")).Message;

        StringAssert.StartsWith(message, $"a.npz: pos_embed has {entries} entries, {prefix} of them for prefix tokens");
    }

    [TestMethod]
    [DataRow(9, 10)]
    [DataRow(10, 9)]
    public void WrongLengths_AreRefused(int length, int room) => Assert.ThrowsExactly<ArgumentException>(
        () => PositionTable.Fit(new float[length], new PositionTableShape(1, 3, 1), new float[room], 3, PositionResampling.Timm));

    [TestMethod]
    public void AGridWithoutPatches_IsRefused() => Assert.ThrowsExactly<ArgumentOutOfRangeException>(
        () => PositionTable.Fit(new float[10], new PositionTableShape(1, 3, 1), new float[1], (0, 3), PositionResampling.Timm));

    private static float[] Resample(float[] table, PositionTableShape shape, ImageDimensions to, PositionResampling kind)
    {
        float[] result = new float[(shape with { Grid = to }).Count];
        PositionTable.Resample(table, shape, result, to, kind);
        return result;
    }

    private static float[] Values(int entries, int dimension) => [.. Enumerable.Range(0, entries * dimension).Select(i => MathF.Sin(i))];

    private static void AssertClose(IEnumerable<float> expected, IEnumerable<float> found, PositionResampling kind)
    {
        Assert.AreEqual(expected.Count(), found.Count(), kind.ToString());
        foreach (var (e, f) in expected.Zip(found))
            Assert.AreEqual(e, f, Tolerance, kind.ToString());
    }
}
