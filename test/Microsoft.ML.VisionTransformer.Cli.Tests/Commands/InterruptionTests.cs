// Ctrl-C: the real process gets the signal, keeps its best model, and goes on later.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Commands;

[TestClass]
public sealed class InterruptionTests
{
    private const int Epochs = 20;

    [TestMethod]
    [OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
    public void AnInterruptedTrainingSavesItsModelAndGoesOnToTheSameEnd()
    {
        using var folder = new TemporaryFolder();
        string zip = folder.File("m.zip"), undisturbed = folder.File("undisturbed.zip");

        var interrupted = Interrupt(zip);
        Assert.AreEqual(130, interrupted.ExitCode, interrupted.Error);
        StringAssert.Contains(interrupted.Error, "train --resume --out");
        CliRun.Done("predict", zip, ColouredModel.Image("red"));
        CliRun.Of(Train(zip)).AssertFailed(1, "holds a training that has not ended");
        var refused = CliRun.Of("train", "--resume", "--out", zip, "--epochs", "21");
        Assert.AreEqual(1, refused.ExitCode);
        StringAssert.Contains(refused.Error, "Epoch was 20 and is 21");

        var resumed = CliRun.Done("train", "--resume", "--out", zip);
        var whole = CliRun.Done(Train(undisturbed));

        Assert.AreEqual(whole.Output, resumed.Output);
        Assert.DoesNotContain("epoch   1/", resumed.Error);
        AssertSameScores(undisturbed, zip);
        Assert.IsFalse(Directory.Exists(folder.File("m.training")));
    }

    private static string[] Train(string zip) => ["train", "--data", ColouredModel.Images, "--out", zip, "--epochs", $"{Epochs}", .. ColouredModel.Tiny];

    /// <summary>
    /// Up to rounding: a process in which other tests ran before was once seen, on a machine under load, to train weights that differ in their last bits from those of a process of its own. That a
    /// training goes on bit for bit is for the trainer's own tests.
    /// </summary>
    private static void AssertSameScores(string expected, string found)
    {
        var pairs = Scores(expected).Zip(Scores(found)).ToArray();
        Assert.IsNotEmpty(pairs);
        foreach (var (one, other) in pairs)
        {
            Assert.AreEqual(one.GetProperty("path").GetString(), other.GetProperty("path").GetString());
            Assert.AreEqual(one.GetProperty("label").GetString(), other.GetProperty("label").GetString());
            Assert.AreEqual(one.GetProperty("probability").GetDouble(), other.GetProperty("probability").GetDouble(), 1e-6);
        }
    }

    private static JsonElement[] Scores(string zip) =>
        [.. CliRun.Done("predict", zip, ColouredModel.Images, "--format", "json", "--top", "0").OutputLines.Select(line => JsonDocument.Parse(line).RootElement)];

    private static CliRun Interrupt(string zip)
    {
        using var process = CliProcess.Start(Train(zip));
        process.WaitForError("epoch ");
        process.Interrupt();
        return process.WaitForEnd();
    }
}
