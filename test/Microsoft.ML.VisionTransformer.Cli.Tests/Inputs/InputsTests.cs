// Patterns, tables and splits.
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Inputs;

[TestClass]
public sealed class InputsTests
{
    [TestMethod]
    [DataRow("*.jpg", "a.jpg")]
    [DataRow("?.png", "b.png")]
    [DataRow("sub/*", "sub/c.jpg")]
    [DataRow("**/*.jpg", "a.jpg sub/c.jpg sub/deep/d.jpg")]
    [DataRow("*/deep/*.jpg", "sub/deep/d.jpg")]
    [DataRow("nothing*", "")]
    public void APatternFindsWhatAShellFinds(string pattern, string expected)
    {
        using var folder = new TemporaryFolder();
        foreach (string[] file in new[] { new[] { "a.jpg" }, ["b.png"], ["sub", "c.jpg"], ["sub", "deep", "d.jpg"], [".hidden.jpg"], [".git", "e.jpg"] })
            File.WriteAllText(folder.File(file), "");

        var found = FilePattern.Find(Path.Combine(folder.Path, pattern)).Select(path => Path.GetRelativePath(folder.Path, path).Replace('\\', '/'));

        Assert.AreEqual(expected, string.Join(' ', found));
    }

    [TestMethod]
    public void ATableIsReadWithQuotesAndBothLineEnds()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("t.csv"), "a,b\r\n\"x, \"\"y\"\"\",2\n\n3,\"line\nend\"");

        var lines = CsvTable.Read(folder.File("t.csv"));

        Assert.HasCount(3, lines);
        CollectionAssert.AreEqual(new[] { "x, \"y\"", "2" }, lines[1]);
        CollectionAssert.AreEqual(new[] { "3", "line\nend" }, lines[2]);
    }

    [TestMethod]
    [DataRow("a,b\n1", "line 2 has 1 fields")]
    [DataRow("a,b\n1,\"2", "never closed")]
    public void ABrokenTableIsRefused(string text, string reason)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("t.csv"), text);

        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => CsvTable.Read(folder.File("t.csv"))).Message, reason);
    }

    [TestMethod]
    public void EachClassGivesItsShareAndKeepsAnImage()
    {
        var images = Images(("a", 10), ("b", 5), ("c", 1));

        var split = TestSplit.Cut(images, 0.2f, seed: 0);

        Assert.AreEqual("a2 b1", string.Join(' ', split.Test.GroupBy(i => i.Label).Select(g => $"{g.Key}{g.Count()}")));
        Assert.AreEqual(16, split.Training.Length + split.Test.Length);
        Assert.IsEmpty(split.Training.Intersect(split.Test));
        Assert.IsEmpty(TestSplit.Cut(images, 0, seed: 0).Test);
    }

    [TestMethod]
    public void TheSplitDependsOnTheSeedAndTheNamesAlone()
    {
        static string Names(TestSplit split) => string.Join(' ', split.Test.Select(i => Path.GetFileName(i.Image)));
        var images = Images(("a", 50));
        var moved = images.Select(i => new LabelledImage { Image = "/elsewhere/" + Path.GetFileName(i.Image), Label = i.Label }).ToArray();

        Assert.AreEqual(Names(TestSplit.Cut(images, 0.2f, 1)), Names(TestSplit.Cut(moved, 0.2f, 1)));
        Assert.AreNotEqual(Names(TestSplit.Cut(images, 0.2f, 1)), Names(TestSplit.Cut(images, 0.2f, 2)));
    }

    private static LabelledImage[] Images(params (string Label, int Count)[] classes) =>
        [.. classes.SelectMany(c => Enumerable.Range(0, c.Count).Select(i => new LabelledImage { Image = $"/data/{c.Label}/{i}.jpg", Label = c.Label }))];
}
