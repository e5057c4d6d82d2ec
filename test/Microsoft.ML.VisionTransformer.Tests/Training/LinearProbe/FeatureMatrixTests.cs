// Feature matrices of a linear probe, in memory and in a file.
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training.LinearProbe;

namespace Microsoft.ML.VisionTransformer.Tests.Training.LinearProbe;

[TestClass]
public sealed class FeatureMatrixTests
{
    private const int Rows = 20_000, Dimension = 3, Classes = 4;

    [TestMethod]
    public void FeaturesBeyondTheLimitLieInAFileAndGiveTheSameHead()
    {
        using var folder = new TemporaryFolder();
        using var inMemory = Build(long.MaxValue, folder.File("untouched"));
        using var inFile = Build(0, folder.Path);

        Assert.HasCount(3, inMemory.Chunks);
        Assert.IsFalse(Directory.Exists(folder.File("untouched")));
        CollectionAssert.AreEqual(new LogisticRegression(inMemory, 0.01).Fit(null, 20), new LogisticRegression(inFile, 0.01).Fit(null, 20));
        Assert.AreEqual(inMemory.Evaluate(new double[Classes * (Dimension + 1)]), inFile.Evaluate(new double[Classes * (Dimension + 1)]));
    }

    [TestMethod]
    public void ChunksChangeNothingButTheOrderOfASum()
    {
        using var folder = new TemporaryFolder();
        using var chunked = Build(long.MaxValue, folder.Path);
        using var whole = FeatureMatrix.Of(Features(), Targets(), Weights(), Classes);
        double[] head = [.. Enumerable.Range(0, Classes * (Dimension + 1)).Select(i => Math.Sin(i))], first = new double[head.Length], second = new double[head.Length];

        Assert.AreEqual(new LogisticRegression(whole, 0.1).Objective(head, first), new LogisticRegression(chunked, 0.1).Objective(head, second), 1e-12);
        for (int i = 0; i < head.Length; i++)
            Assert.AreEqual(first[i], second[i], 1e-12);
    }

    [TestMethod]
    public void RowsAreTakenFromAllChunks()
    {
        using var folder = new TemporaryFolder();
        using var all = Build(0, folder.Path);
        int[] rows = [0, 5, 8191, 8192, 19_999];

        using var some = all.Take(rows);

        Assert.AreEqual(rows.Length, some.Rows);
        float[] expected = Features();
        some.ForEach((features, _, targets) =>
        {
            CollectionAssert.AreEqual(rows.SelectMany(r => expected[(r * Dimension)..((r + 1) * Dimension)].Select(v => (double)v)).ToArray(), features.data<double>().ToArray());
            CollectionAssert.AreEqual(rows.Select(r => Targets()[r]).ToArray(), targets.data<long>().ToArray());
        });
    }

    [TestMethod]
    public void AllTensorsAreGivenBack() => LiveTensors.AssertSameAfter(() =>
    {
        using var folder = new TemporaryFolder();
        using var first = Build(0, folder.Path);
        using var second = Build(long.MaxValue, folder.Path);
        using var both = first.With(second);
        Assert.AreEqual(2 * Rows, both.Rows);
        both.Evaluate(new LogisticRegression(both, 0.1).Fit(null, 3));
    });

    private static FeatureMatrix Build(long limit, string folder)
    {
        using var builder = new FeatureMatrixBuilder(Dimension, limit, folder);
        foreach (float[] part in Features().Chunk(1000 * Dimension))
            builder.Add(part);
        return builder.Build(Targets(), Weights(), Classes);
    }

    private static float[] Features() => [.. Enumerable.Range(0, Rows * Dimension).Select(i => MathF.Sin(i * 0.37f))];

    private static long[] Targets() => [.. Enumerable.Range(0, Rows).Select(i => (long)(i * 7 % Classes))];

    private static float[] Weights() => [.. Enumerable.Range(0, Rows).Select(i => 1f + i % 3)];
}
