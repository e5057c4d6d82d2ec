// An interrupted run resumes and ends with the same result as an uninterrupted one.
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Training.Checkpointing;

[TestClass]
public sealed class ResumeTests
{
    private const string Checkpoint = "training-checkpoint.safetensors";

    [TestMethod]
    [DataRow(1)]
    [DataRow(4)]
    [DataRow(5)]
    [DataRow(11)]
    [DataRow(12)]
    public void ARunGoesOnWhereItWasCancelledAndEndsTheSame(int stepsBefore)
    {
        using var folder = new TemporaryFolder();
        var (expected, history) = Train(null);

        InterruptAfter(stepsBefore, folder.Path);
        var (found, resumed) = Train(folder.Path);

        CollectionAssert.AreEqual(expected, found);
        CollectionAssert.AreEqual(Figures(history), Figures(resumed));
        Assert.AreEqual((history.BestEpoch, history.IsAverage), (resumed.BestEpoch, resumed.IsAverage));
    }

    [TestMethod]
    public void AProcessThatIsKilledGoesOnFromItsLastCheckpoint()
    {
        Requires.SlowTests();
        using var folder = new TemporaryFolder();
        var (expected, _) = Train(null);
        var copies = new List<string>();
        CopyCheckpointsWhileTraining(folder, copies);

        foreach (string copy in copies)
        {
            using var workspace = new TemporaryFolder();
            File.Copy(copy, Path.Combine(workspace.Path, Checkpoint));
            CollectionAssert.AreEqual(expected, Train(workspace.Path).Scores, copy);
        }

        Assert.IsGreaterThan(5, copies.Count);
    }

    [TestMethod]
    public void AnInterruptedRunKeepsItsSeed()
    {
        using var folder = new TemporaryFolder();
        var (expected, _) = Train(null);
        InterruptAfter(4, folder.Path);

        var (found, history) = Train(folder.Path, seed: 99);

        CollectionAssert.AreEqual(expected, found);
        Assert.AreEqual(Train(null).History.Seed, history.Seed);
    }

    [TestMethod]
    public void AResumedRunKeepsTheProbeThatItStartedFrom()
    {
        using var folder = new TemporaryFolder();
        using var pretrained = new TemporaryFolder();
        var context = new MLContext(seed: 4);
        var others = context.Data.LoadFromEnumerable(ColoredSamples.Make(8).Select(s => new ColoredSample { Image = s.Image, Label = "another " + s.Label, Number = s.Number }));
        using (var first = TinyTraining.Train(context, others))
            first.LastTransformer.SaveAsSafetensors(pretrained.Path);
        Action<VisionTransformerTrainer.Options> fineTune = o => (o.Arch, o.PretrainedModel, o.Strategy, o.LearningCurve) = (null, pretrained.Path, TrainingStrategy.FineTune, true);
        var (expected, history) = Train(null, change: fineTune);

        InterruptAfter(4, folder.Path, fineTune);
        var (found, resumed) = Train(folder.Path, change: fineTune);
        var finished = Train(folder.Path, change: fineTune).History;

        CollectionAssert.AreEqual(expected, found);
        foreach (var later in new[] { resumed, finished })
        {
            Assert.IsNotNull(later.ProbeAccuracy);
            Assert.AreEqual((history.ProbeAccuracy, history.ProbePenalty), (later.ProbeAccuracy, later.ProbePenalty));
            CollectionAssert.AreEqual(history.LearningCurve.ToArray(), later.LearningCurve.ToArray());
        }
    }

    [TestMethod]
    public void AFinishedRunIsReturnedWithoutTrainingAgain()
    {
        using var folder = new TemporaryFolder();
        var (expected, history) = Train(folder.Path);
        int called = 0;

        var (found, again) = Train(folder.Path, callback: _ => called++);

        CollectionAssert.AreEqual(expected, found);
        Assert.AreEqual(0, called);
        CollectionAssert.AreEqual(Figures(history), Figures(again));
    }

    [TestMethod]
    public void AfterAFinishedRunAnotherSeedTrainsAnew()
    {
        using var folder = new TemporaryFolder();
        var (first, _) = Train(folder.Path);

        var (second, _) = Train(folder.Path, seed: 4);

        CollectionAssert.AreNotEqual(first, second);
        CollectionAssert.AreEqual(Train(null, seed: 4).Scores, second);
    }

    [TestMethod]
    public void OtherOptionsAreRefusedAndNamed()
    {
        using var folder = new TemporaryFolder();
        InterruptAfter(4, folder.Path);

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Train(folder.Path, change: o => (o.BatchSize, o.WeightDecay) = (4, 0.5f)));

        Assert.Contains("BatchSize was 8 and is now 4", error.Message);
        Assert.Contains("WeightDecay was", error.Message);
        Assert.Contains("delete the file to start over", error.Message);
        Assert.DoesNotContain("LearningRate", error.Message);
    }

    [TestMethod]
    public void OtherDataIsRefused()
    {
        using var folder = new TemporaryFolder();
        InterruptAfter(4, folder.Path);

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Train(folder.Path, perClass: 11));

        Assert.Contains("the number of training rows was", error.Message);
    }

    [TestMethod]
    [DataRow("nonsense")]
    [DataRow("half")]
    public void ABrokenCheckpointIsRefused(string how)
    {
        using var folder = new TemporaryFolder();
        InterruptAfter(4, folder.Path);
        string path = Path.Combine(folder.Path, Checkpoint);
        File.Delete(Path.Combine(folder.Path, "training-checkpoint.previous.safetensors"));
        byte[] whole = File.ReadAllBytes(path);
        File.WriteAllBytes(path, how == "half" ? whole[..(whole.Length / 2)] : "this is no checkpoint"u8.ToArray());

        var error = Assert.ThrowsExactly<InvalidDataException>(() => Train(folder.Path));

        Assert.Contains(path, error.Message);
        Assert.Contains("Delete it to start over", error.Message);
    }

    [TestMethod]
    public void TwoTrainingsCannotShareAWorkspace()
    {
        using var folder = new TemporaryFolder();
        IOException? error = null;

        Train(folder.Path, callback: m => error ??= Assert.ThrowsExactly<IOException>(() => Train(folder.Path)));

        Assert.Contains("is used by another training", error!.Message);
    }

    [TestMethod]
    public void AFileWhereTheWorkspaceShouldBeIsRefused()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("file");
        File.WriteAllText(path, "");

        var error = Assert.ThrowsExactly<IOException>(() => Train(path));

        Assert.Contains(path, error.Message);
        Assert.Contains("WorkspacePath", error.Message);
    }

    [TestMethod]
    public void ACheckpointThatCannotBeWrittenIsAnErrorAndTheLastOneStays()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, Checkpoint);
        byte[] last = [];
        // A folder where the file should be takes no file, as a full disk does not.
        var error = Assert.ThrowsExactly<IOException>(() => Train(folder.Path, callback: m =>
        {
            if (m is not { Epoch: 2, Phase: TrainingPhase.Step, Step: 1 })
                return;
            last = File.ReadAllBytes(path);
            File.Move(path, folder.File("aside"));
            Directory.CreateDirectory(path);
        }));

        Assert.Contains(path, error.Message);
        Assert.Contains("could not be written", error.Message);
        Assert.Contains("WorkspacePath", error.Message);
        Assert.IsEmpty(Directory.GetFiles(folder.Path, "*.tmp"));
        Directory.Delete(path);
        File.Move(folder.File("aside"), path);
        CollectionAssert.AreEqual(last, File.ReadAllBytes(path));
        CollectionAssert.AreEqual(Train(null).Scores, Train(folder.Path).Scores);
    }

    [TestMethod]
    public void ACancelledRunMayReturnItsBestModel()
    {
        using var cancel = new CancellationTokenSource();

        var (_, history) = Train(null, change: o => (o.CancellationToken, o.OnCancellation) = (cancel.Token, CancellationHandling.ReturnBest), callback: m =>
        {
            if (m.Epoch == 2 && m.Phase == TrainingPhase.Epoch)
                cancel.Cancel();
        });

        Assert.IsTrue(history.Cancelled);
        Assert.HasCount(2, history.Epochs);
    }

    [TestMethod]
    public void ARunThatIsCancelledBeforeItsFirstStepHasNoModel()
    {
        using var cancel = new CancellationTokenSource();
        cancel.Cancel();

        Assert.Throws<OperationCanceledException>(() => Train(null, change: o => (o.CancellationToken, o.OnCancellation) = (cancel.Token, CancellationHandling.ReturnBest)));
    }

    [TestMethod]
    public void ALossThatIsNoNumberLeavesTheLastCheckpoint()
    {
        using var folder = new TemporaryFolder();

        Assert.ThrowsExactly<InvalidOperationException>(() => Train(folder.Path, change: o => (o.LearningRate, o.WarmupEpochs, o.ClipGradientNorm) = (1e20f, 0, 0)));

        float[] weights = SafetensorsFile.Read(Path.Combine(folder.Path, Checkpoint)).Floats("parameters.0");
        Assert.IsTrue(weights.All(float.IsFinite));
    }

    /// <summary>Four epochs of three steps with all that has a state: momentum, average, validation, drop path, mixing.</summary>
    private static (float[] Scores, TrainingHistory History) Train(
        string? workspace, int seed = 3, int perClass = 10, Action<VisionTransformerTrainer.Options>? change = null, Action<TrainingMetrics>? callback = null)
    {
        var context = new MLContext(seed);
        var data = TinyTraining.Data(context, perClass);
        var options = TinyTraining.Options(epochs: 4);
        options.Arch = TinyTraining.Architecture with { DropPathRate = 0.1 };
        options.RandomCropMinimumArea = null;
        options.Augmentation = TrainingAugmentations.DeiT with { CropMinimumArea = 0.5 };
        options.EmaDecay = 0.8f;
        options.WorkspacePath = workspace;
        options.CheckpointInterval = TimeSpan.FromTicks(1);
        options.MetricsCallback = callback;
        change?.Invoke(options);
        using var model = TinyTraining.Train(context, data, options);
        return ([.. TinyTraining.Scores(model.Transform(data)).SelectMany(s => s)], model.LastTransformer.TrainingHistory!);
    }

    private static void InterruptAfter(int steps, string workspace, Action<VisionTransformerTrainer.Options>? change = null)
    {
        using var cancel = new CancellationTokenSource();
        int done = 0;
        Assert.Throws<OperationCanceledException>(() => Train(workspace, change: (change ?? (_ => { })) + (o => o.CancellationToken = cancel.Token), callback: m =>
        {
            if (m.Phase == TrainingPhase.Step && ++done == steps)
                cancel.Cancel();
        }));
    }

    /// <summary>What a process that dies leaves: the file as it was at that moment.</summary>
    private static void CopyCheckpointsWhileTraining(TemporaryFolder folder, List<string> copies)
    {
        string workspace = Path.Combine(folder.Path, "workspace");
        Train(workspace, callback: _ =>
        {
            string copy = folder.File($"{copies.Count}");
            File.Copy(Path.Combine(workspace, Checkpoint), copy);
            copies.Add(copy);
        });
    }

    private static double?[] Figures(TrainingHistory history) =>
        [.. history.Epochs.SelectMany(e => new[] { e.TrainingLoss, e.TrainingAccuracy, e.ValidationLoss, e.ValidationAccuracy, e.LearningRate })];
}
