// The sample PhotoSearch as a user runs it: on the flowers, on photos that it must find, and with wrong arguments.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Hosting.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Hosting.Tests;

[TestClass]
public sealed class PhotoSearchTests
{
    private const string Sample = "docs/samples/PhotoSearch";

    [TestMethod]
    public void WithoutArguments_ItSearchesTheFlowers()
    {
        var run = BuiltProgram.Run(Sample);

        Assert.AreEqual(0, run.ExitCode, run.Error);
        string[] lines = run.Output.TrimEnd().Split('\n');
        Assert.HasCount(5, lines.Where(l => l.EndsWith(".jpg", StringComparison.Ordinal) && l[0] != ' '), run.Output);
        Assert.HasCount(15, lines.Where(l => l.StartsWith("  ", StringComparison.Ordinal)), run.Output);
        StringAssert.Matches(lines[^1], new(@"^The nearest other photo is in the same folder for \d+ of 60 photos\.$"));
        float[] scores = [.. lines.Where(l => l.StartsWith("  ", StringComparison.Ordinal)).Select(l => float.Parse(l[2..7], CultureInfo.InvariantCulture))];
        foreach (float[] found in scores.Chunk(3))
            CollectionAssert.AreEqual(found.OrderDescending().ToArray(), found);
    }

    [TestMethod]
    public void ItFindsTheCopyOfAPhotoFirst()
    {
        using var folder = new TemporaryFolder();
        string model = folder.Write(TrainedModels.First);
        ColoredSamples.WriteTo(folder.File("photos", "x")[..^2], perClass: 5);
        string query = Directory.GetFiles(Path.Combine(folder.Path, "photos", "red"))[0], copy = folder.File("photos", "blue", "copy.png");
        File.Copy(query, copy);

        var run = BuiltProgram.Run(Sample, "--photos", Path.Combine(folder.Path, "photos"), "--model", model, "--query", query, "--top", "2");

        Assert.AreEqual(0, run.ExitCode, run.Error);
        string[] lines = run.Output.TrimEnd().Split('\n');
        Assert.AreEqual($"red/{Path.GetFileName(query)}", lines[0]);
        Assert.AreEqual("  1.000  blue/copy.png", lines[1]);
        Assert.HasCount(4, lines);
    }

    [TestMethod]
    [DataRow("--top 0", "--top must be at least 1.")]
    [DataRow("--photos no-such-folder", "no-such-folder")]
    [DataRow("--model no-such.zip", "no-such.zip")]
    public void WrongArguments_ExitWithOneAndTheReason(string arguments, string reason)
    {
        var run = BuiltProgram.Run(Sample, arguments.Split(' '));

        Assert.AreEqual(1, run.ExitCode);
        StringAssert.Contains(run.Error, reason);
    }
}
