// Failures in a job of several processes: the job ends with the reason and can be resumed.
using System.Diagnostics;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Distributed;

[TestClass]
public sealed class DistributedFailureTests
{
    private const string Launcher = "mpirun.openmpi";

    /// <summary>Far below any timeout of MPI's, far above what a busy machine takes.</summary>
    private const double SecondsToEnd = 30;

    public required TestContext TestContext { get; set; }

    [TestMethod]
    [DataRow("mpirun.openmpi", 0)]
    [DataRow("mpirun.openmpi", 1)]
    [DataRow("mpirun.mpich", 1)]
    public void AProcessThatIsKilledEndsTheJob(string launcher, int rank)
    {
        Requires.SlowTests();
        Requires.MpiLauncher(launcher);
        using var job = MpiJob.Start(launcher, 2, "train", "epochs=100000");
        string line = job.WaitFor(text => text.Contains($"rank {rank} is process ", StringComparison.Ordinal));
        job.WaitFor(text => text.Contains("Step 2 of epoch 1", StringComparison.Ordinal));
        using var unlucky = Process.GetProcessById(int.Parse(line.Split(' ')[^1].TrimEnd('.'), System.Globalization.CultureInfo.InvariantCulture));

        var clock = Stopwatch.StartNew();
        unlucky.Kill();
        var result = job.End();

        TestContext.WriteLine($"{launcher}: {clock.Elapsed.TotalSeconds:F1} s after rank {rank} was killed the job had ended.\n{result.Error}");
        Assert.AreNotEqual(0, result.ExitCode);
        Assert.IsLessThan(SecondsToEnd, clock.Elapsed.TotalSeconds);
    }

    [TestMethod]
    [DataRow("throws", "Rank 0 of 2: training failed; aborting the job: System.InvalidOperationException: the callback has had enough")]
    [DataRow("broken-image", " of 2: training failed; aborting the job: Microsoft.ML.VisionTransformer.InvalidImageException")]
    public void AProcessThatThrowsEndsTheJobWithItsMessage(string mishap, string message)
    {
        Requires.SlowTests();
        Requires.MpiLauncher(Launcher);
        var clock = Stopwatch.StartNew();

        var result = MpiJob.Run(Launcher, 2, "train", "epochs=100000", $"mishap={mishap}", "unlucky=1");

        TestContext.WriteLine($"{clock.Elapsed.TotalSeconds:F1} s from the start of the job to its end.\n{result.Error}");
        Assert.AreNotEqual(0, result.ExitCode);
        StringAssert.Contains(result.Error, message);
    }

    [TestMethod]
    [DataRow("other-options", "LearningRate: 0.0020000000949949026 on rank 0 and 0.0010000000474974513 on rank 2")]
    [DataRow("other-data", "labels or weights of the training rows: rank 2 differs from rank 0")]
    [DataRow("other-images", "the images of the training rows: rank 2 differs from rank 0")]
    public void WhatDiffersIsNamedBeforeTheTrainingBegins(string mishap, string difference)
    {
        Requires.SlowTests();
        Requires.MpiLauncher(Launcher);
        var result = MpiJob.Run(Launcher, 3, "train", "epochs=100000", $"mishap={mishap}", "unlucky=2");

        Assert.AreNotEqual(0, result.ExitCode);
        StringAssert.Contains(result.Error, "The processes of this job do not train the same model: ");
        StringAssert.Contains(result.Error, difference);
        Assert.DoesNotContain("reports", result.Output);
    }

    [TestMethod]
    public void AProcessThatCannotBeginTellsTheOthers()
    {
        Requires.SlowTests();
        Requires.MpiLauncher(Launcher);
        // Either may be the first whose exception ends the job.
        var result = MpiJob.Run(Launcher, 2, "train", "epochs=100000", "mishap=heavy-row", "unlucky=1");

        Assert.AreNotEqual(0, result.ExitCode);
        StringAssert.Contains(result.Error, "The weight in row 3 of column 'Weight' is -1");
        Assert.DoesNotContain("reports", result.Output);
    }

    [TestMethod]
    public void ProcessesThatAreToldToStopStopTogether()
    {
        Requires.SlowTests();
        Requires.MpiLauncher(Launcher);
        var result = MpiJob.Run(Launcher, 2, "train", "epochs=100000", "mishap=cancels");

        Assert.AreEqual(0, result.ExitCode, result.Error);
        StringAssert.Contains(result.Output, "rank 0 was canceled");
        StringAssert.Contains(result.Output, "rank 1 was canceled: Another process of the job was canceled.");
    }

    [TestMethod]
    [DataRow(2, 4, DisplayName = "the same batch of all: the weights are those of an undisturbed run")]
    [DataRow(1, 4, DisplayName = "fewer rows an update: each row passes once an epoch all the same")]
    public void ARunGoesOnWithAnotherNumberOfProcesses(int processes, int batch)
    {
        Requires.SlowTests();
        Requires.MpiLauncher(Launcher);
        using var folder = new TemporaryFolder();
        string workspace = folder.File("workspace");
        var stopped = MpiJob.Run(Launcher, 4, "train", "batch=2", "epochs=3", "mishap=cancels", "step=4", $"workspace={workspace}");
        Assert.AreEqual(0, stopped.ExitCode, stopped.Error);

        var result = processes > 1
            ? MpiJob.Run(Launcher, processes, "train", $"batch={batch}", "epochs=3", $"workspace={workspace}", $"result={folder.File("result")}")
            : MpiJob.Alone("train", $"batch={batch}", "epochs=3", $"workspace={workspace}", $"result={folder.File("result")}");

        Assert.AreEqual(0, result.ExitCode, result.Error);
        // 24 rows; four updates of 8 rows were done: the second epoch resumes at its row 8.
        StringAssert.Contains(result.Output, processes > 1 ? "rank 0 reports: Step 2 of epoch 2" : "rank 0 reports: Step 3 of epoch 2");
        Assert.DoesNotContain("Step 1 of epoch 2", result.Output);
        Assert.DoesNotContain("of epoch 1", result.Output);
        StringAssert.Contains(result.Output, "rank 0 has a model of 24 rows");
    }
}
