// Ctrl-C: a process receives the signal, saves its best model, and can be resumed.
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Commands;

[TestClass]
public sealed class InterruptionTests
{
    private const int Epochs = 20;

    [TestMethod]
    [OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
    public void AnInterruptedTrainingSavesItsModelAndResumesToTheSameResult()
    {
        using var folder = new TemporaryFolder();
        string zip = folder.File("m.zip"), uninterrupted = folder.File("uninterrupted.zip");

        var interrupted = Interrupt(Train(zip));
        Assert.AreEqual(130, interrupted.ExitCode, interrupted.Error);
        StringAssert.Contains(interrupted.Error, "train --resume --out");
        CliRun.Done("predict", zip, ColoredModel.Image("red"));
        CliRun.Of(Train(zip)).AssertFailed(1, "has an unfinished training");
        var rejected = CliRun.Of("train", "--resume", "--out", zip, "--epochs", "21");
        Assert.AreEqual(1, rejected.ExitCode);
        StringAssert.Contains(rejected.Error, "--epochs was 20 and is now 21");

        var resumed = CliRun.Done("train", "--resume", "--out", zip);
        var whole = CliRun.Done(Train(uninterrupted));

        Assert.AreEqual(whole.Output, resumed.Output);
        Assert.DoesNotContain("epoch   1/", resumed.Error);
        Assert.AreEqual(Scores(uninterrupted), Scores(zip));
        Assert.IsFalse(Directory.Exists(folder.File("m.training")));
    }

    [TestMethod]
    [OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
    public void ResumingOnOtherImagesIsRejected()
    {
        using var folder = new TemporaryFolder();
        string zip = folder.File("m.zip"), images = folder.File("images", "x")[..^2];
        ColoredSamples.WriteTo(images, perClass: 20);
        string[] train = ["train", "--data", images, "--out", zip, "--epochs", $"{Epochs}", .. ColoredModel.Tiny];
        Assert.AreEqual(130, Interrupt(train).ExitCode);
        ColoredSamples.WriteTo(images, perClass: 20, seed: 99);

        var rejected = CliRun.Of("train", "--resume", "--out", zip);

        Assert.AreEqual(1, rejected.ExitCode);
        StringAssert.Contains(rejected.Error, "differs from this one: the images of the training rows");
    }

    [TestMethod]
    [OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
    public void ATrainingThatIsInterruptedInItsFirstEpochReplacesNothing()
    {
        using var folder = new TemporaryFolder();
        string zip = folder.File("m.zip");
        string[] files = [zip, folder.File("m.html"), folder.File("m.test.csv")];
        foreach (string file in files)
            File.WriteAllText(file, "of an earlier run");
        using var process = CliProcess.Start(["train", "--data", ColoredModel.Images, "--out", zip, "--force", "--epochs", "2", "--arch", "vit_small_patch16_224", "--image-size", "384", "--batch-size", "1"]);
        process.WaitForError("step ");
        process.Interrupt();

        var run = process.WaitForEnd();

        Assert.AreEqual(130, run.ExitCode, run.Error);
        StringAssert.Contains(run.Error, "Interrupted before the end of the first epoch.");
        StringAssert.Contains(run.Error, "m.zip is unchanged. Resume with: mlnet-vit train --resume --out");
        foreach (string file in files)
            Assert.AreEqual("of an earlier run", File.ReadAllText(file), file);
    }

    [TestMethod]
    [OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
    public void WithForceATrainingStartsOverInPlaceOfAnUnfinishedOne()
    {
        using var folder = new TemporaryFolder();
        string zip = folder.File("m.zip");
        Assert.AreEqual(130, Interrupt(Train(zip)).ExitCode);

        var run = CliRun.Done(["train", "--data", ColoredModel.Images, "--out", zip, "--epochs", "1", "--force", .. ColoredModel.Tiny]);

        StringAssert.Contains(run.Error, "epoch   1/1");
        Assert.IsFalse(Directory.Exists(folder.File("m.training")));
    }

    private static string[] Train(string zip) => ["train", "--data", ColoredModel.Images, "--out", zip, "--epochs", $"{Epochs}", .. ColoredModel.Tiny];

    private static string Scores(string zip) => CliRun.Done("predict", zip, ColoredModel.Images, "--format", "json", "--top", "0").Output;

    private static CliRun Interrupt(string[] train)
    {
        using var process = CliProcess.Start(train);
        process.WaitForError("epoch ");
        process.Interrupt();
        return process.WaitForEnd();
    }
}
