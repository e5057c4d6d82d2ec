// Several processes under mpirun train the same model as one process.
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Training.TrainerOptions;

[TestClass]
public sealed class DistributedTrainingTests
{
    private const string Launcher = "mpirun.openmpi";

    public required TestContext TestContext { get; set; }

    /// <summary>
    /// 27 rows in batches of 8: the last has 3, and of four processes one has none. AdamW divides by the root of small squares, which makes more of a rounding than SGD does; differences
    /// measured are 1e-5 at most, and weights move by 2e-3 a step.
    /// </summary>
    [TestMethod]
    [DataRow("plain", 2, 1, 5e-5)]
    [DataRow("plain", 4, 1, 5e-5)]
    [DataRow("plain", 2, 2, 5e-5, DisplayName = "gradients of two batches added up")]
    [DataRow("noise", 4, 1, 5e-5, DisplayName = "dropout and stochastic depth belong to the row")]
    [DataRow("mixing", 4, 1, 5e-5, DisplayName = "partners of mixup and cutmix stay together")]
    [DataRow("sgd", 2, 1, 1e-6)]
    [DataRow("bf16", 2, 1, 2e-2, DisplayName = "gradients of halves rounded to 8 bits")]
    public void ManyProcessesTrainAsOneWithTheBatchOfAll(string kind, int processes, int accumulation, double tolerance)
    {
        Requires.SlowTests();
        Requires.MpiLauncher(Launcher);
        using var folder = new TemporaryFolder();
        string alone = folder.File("alone"), together = folder.File("together");
        int batchOfAll = 8 / accumulation;
        string[] settings = ["train", $"kind={kind}", "rows=11", $"accumulation={accumulation}"];

        var many = MpiJob.Run(Launcher, processes, [.. settings, $"batch={batchOfAll / processes}", $"result={together}"]);
        Assert.AreEqual(0, many.ExitCode, many.Error);
        var one = MpiJob.Alone([.. settings, $"batch={batchOfAll}", $"result={alone}"]);
        Assert.AreEqual(0, one.ExitCode, one.Error);

        double weights = Largest(Weights(alone), Weights(together)), losses = Largest(Figures(alone, "Steps"), Figures(together, "Steps"));
        TestContext.WriteLine($"{kind}, {processes} processes: largest difference of the losses {losses:E1}, of the weights {weights:E1}");
        Assert.IsLessThan(tolerance, weights);
        Assert.IsLessThan(tolerance, losses);
        Assert.IsLessThan(tolerance, Largest(Figures(alone, "Validation"), Figures(together, "Validation")));
        CollectionAssert.AreEqual(Figures(alone, "Accuracy"), Figures(together, "Accuracy"));
    }

    [TestMethod]
    public void OnlyTheFirstProcessTellsAndWrites()
    {
        Requires.SlowTests();
        Requires.MpiLauncher(Launcher);
        using var folder = new TemporaryFolder();

        var result = MpiJob.Run(Launcher, 2, "train", "epochs=1", $"workspace={folder.Path}");

        Assert.AreEqual(0, result.ExitCode, result.Error);
        StringAssert.Contains(result.Output, "rank 0 reports: Step 1 of epoch 1");
        Assert.DoesNotContain("rank 1 reports", result.Output);
        StringAssert.Contains(result.Output, "rank 1 has a model of 24 rows");
        StringAssert.Contains(result.Output, "2 processes train together over Open MPI");
        Assert.IsTrue(File.Exists(folder.File("training-checkpoint.safetensors")));
    }

    [TestMethod]
    public void TheLearningRateFollowsTheRule()
    {
        Requires.SlowTests();
        Requires.MpiLauncher(Launcher);
        var result = MpiJob.Run(Launcher, 2, "train", "epochs=1", "scaling=Root");

        StringAssert.Contains(result.Output, "learning rate multiplied by 1.414.");
    }

    [TestMethod]
    public void SwitchedOffEveryProcessTrainsAlone()
    {
        Requires.SlowTests();
        Requires.MpiLauncher(Launcher);
        var result = MpiJob.Run(Launcher, 2, "train", "epochs=1", "distributed=Off", "mishap=other-options", "unlucky=1");

        Assert.AreEqual(0, result.ExitCode, result.Error);
        StringAssert.Contains(result.Output, "rank 1 reports: Step 6 of epoch 1");
        StringAssert.Contains(result.Output, "rank 0 reports: Step 6 of epoch 1");
    }

    [TestMethod]
    public void ALinearProbeGivesTheSameHeadToTheLastBit()
    {
        Requires.SlowTests();
        Requires.MpiLauncher(Launcher);
        using var folder = new TemporaryFolder();
        string pretrained = folder.File("pretrained");
        Assert.AreEqual(0, MpiJob.Alone("train", "epochs=1", $"result={pretrained}").ExitCode);

        var result = MpiJob.Run(Launcher, 2, "train", "kind=probe", $"pretrained={pretrained}", $"result={folder.File("together")}");
        Assert.AreEqual(0, result.ExitCode, result.Error);
        Assert.AreEqual(0, MpiJob.Alone("train", "kind=probe", $"pretrained={pretrained}", $"result={folder.File("alone")}").ExitCode);

        CollectionAssert.AreEqual(Weights(folder.File("alone")), Weights(folder.File("together")));
    }

    /// <summary>The bytes of a safetensors file after its header.</summary>
    private static float[] Weights(string folder)
    {
        byte[] file = File.ReadAllBytes(Path.Combine(folder, "model.safetensors"));
        return MemoryMarshal.Cast<byte, float>(file.AsSpan(8 + (int)BitConverter.ToInt64(file))).ToArray();
    }

    private static double[] Figures(string folder, string name)
    {
        using var history = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "history.json")));
        return [.. history.RootElement.GetProperty(name).EnumerateArray().Select(value => value.GetDouble())];
    }

    private static double Largest(float[] first, float[] second) => Largest([.. first.Select(v => (double)v)], [.. second.Select(v => (double)v)]);

    private static double Largest(double[] first, double[] second)
    {
        Assert.HasCount(first.Length, second);
        return first.Zip(second, (a, b) => Math.Abs(a - b)).Max();
    }
}
