// File patterns, CSV tables and test splits.
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Shell;
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
    public void APatternMatchesLikeInAShell(string pattern, string expected)
    {
        using var folder = new TemporaryFolder();
        foreach (string[] file in new[] { new[] { "a.jpg" }, ["b.png"], ["sub", "c.jpg"], ["sub", "deep", "d.jpg"], [".hidden.jpg"], [".git", "e.jpg"] })
            File.WriteAllText(folder.File(file), "");

        var found = FilePattern.Find(Path.Combine(folder.Path, pattern)).Select(path => Path.GetRelativePath(folder.Path, path).Replace('\\', '/'));

        Assert.AreEqual(expected, string.Join(' ', found));
    }

    [TestMethod]
    public void CyclicLinksAreNotFollowed()
    {
        Requires.Unix("links to folders, which require privileges on Windows");
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("sub", "a.jpg"), "");
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "sub", "circle"), folder.Path);

        Assert.AreEqual(Path.Combine(folder.Path, "sub", "a.jpg"), FilePattern.Find(Path.Combine(folder.Path, "**", "*.jpg")).Single());
    }

    [TestMethod]
    public void ARecordRoundTrips()
    {
        using var folder = new TemporaryFolder();
        string?[] fields = ["plain", "a,b", "\"quoted\"", "two\r\nlines", " spaces ", "", "'=1+1"];
        File.WriteAllText(folder.File("t.csv"), string.Join("\r\n", CsvRecord.Of(fields), "", CsvRecord.Of(1.5, 0.1f, null, "x", -3, "", true)));

        var records = CsvTable.Read(folder.File("t.csv"));

        CollectionAssert.AreEqual(fields, records[0]);
        CollectionAssert.AreEqual(new[] { "1.5", "0.1", "", "x", "-3", "", "True" }, records[1]);
    }

    [TestMethod]
    public void ATableIsReadWithQuotesAndBothLineEndings()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("t.csv"), "a,b\r\n\"x, \"\"y\"\"\",2\n\n3,\"line\nend\"");

        var lines = CsvTable.Read(folder.File("t.csv"));

        Assert.HasCount(3, lines);
        CollectionAssert.AreEqual(new[] { "x, \"y\"", "2" }, lines[1]);
        CollectionAssert.AreEqual(new[] { "3", "line\nend" }, lines[2]);
    }

    [TestMethod]
    [DataRow("a,b\n1", "t.csv: line 2 has 1 field, but the first record has 2")]
    [DataRow("a,b\n\n\n1,2\n1\n", "t.csv: line 5 has 1 field", DisplayName = "after blank lines")]
    [DataRow("a,b\r\n\"x\r\ny\",2\r\n\r\n1,2,3", "t.csv: line 5 has 3 fields", DisplayName = "after a line break in quotes")]
    [DataRow("a,b\n\n1,\"2\n3,4\n", "t.csv: line 3 is malformed: '\"2", DisplayName = "an unclosed quote")]
    [DataRow("a,b\n\n\"a\"b,c\n", "t.csv: line 3 is malformed: '\"a\"b'", DisplayName = "text after a quoted field")]
    [DataRow("a,b\nx\"y,c\n", "t.csv: line 2 is malformed: 'x\"y'", DisplayName = "a quote within a field")]
    public void ABrokenTableIsRefused(string text, string reason)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("t.csv"), text);

        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => CsvTable.Read(folder.File("t.csv"))).Message, reason);
    }

    [TestMethod]
    public void EachClassContributesItsFractionAndKeepsAnImage()
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
        var moved = images.Select(i => new LabeledImage { Image = "/elsewhere/" + Path.GetFileName(i.Image), Label = i.Label }).ToArray();

        Assert.AreEqual(Names(TestSplit.Cut(images, 0.2f, 1)), Names(TestSplit.Cut(moved, 0.2f, 1)));
        Assert.AreNotEqual(Names(TestSplit.Cut(images, 0.2f, 1)), Names(TestSplit.Cut(images, 0.2f, 2)));
    }

    private static LabeledImage[] Images(params (string Label, int Count)[] classes) =>
        [.. classes.SelectMany(c => Enumerable.Range(0, c.Count).Select(i => new LabeledImage { Image = $"/data/{c.Label}/{i}.jpg", Label = c.Label }))];
}
