// The history says how a model was trained: time, device, versions, options and strategy.
using System.Reflection;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Training.History;

[TestClass]
public sealed class TrainingHistoryTests
{
    [TestMethod]
    public void AFileKnowsHowItsModelWasTrained()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 1);
        var data = TinyTraining.Data(context);
        var options = TinyTraining.Options(epochs: 2);
        (options.Device, options.ImageMemoryLimitBytes, options.WeightDecay) = ("cpu", 1 << 20, 0.1f);
        using (var model = TinyTraining.Train(context, data, options))
            TinyTraining.SavedModel(folder, context, model, data.Schema);

        var history = Load(folder);

        Assert.IsGreaterThanOrEqualTo(history.Epochs[^1].Elapsed, history.Duration!.Value);
        Assert.IsLessThan(TimeSpan.FromMinutes(10), history.Duration.Value);
        Assert.AreEqual("cpu", history.Device);
        CollectionAssert.AreEquivalent(new[] { "Microsoft.ML.VisionTransformer", "Microsoft.ML", "TorchSharp", "libtorch", ".NET" }, history.Versions.Keys.ToArray());
        foreach (var (name, version) in history.Versions)
            Assert.IsTrue(Version.TryParse(version.Split('-')[0], out var parsed) && parsed > new Version(0, 0), $"{name} {version}");
        Assert.AreEqual(TrainingStrategy.FromScratch, history.Strategy);
        Assert.IsNull(history.Options!.Strategy);
        Assert.AreEqual((2, 8, 0.1f, TinyTraining.Architecture), (history.Options.Epoch, history.Options.BatchSize, history.Options.WeightDecay, history.Options.Arch));
        Assert.AreEqual(("auto", (long?)null), (history.Options.Device, history.Options.ImageMemoryLimitBytes));
    }

    [TestMethod]
    public void ANewTrainerWithTheOptionsTrainsTheSameModel()
    {
        using var folder = new TemporaryFolder();
        Pretrained.SaveTo(folder);
        var options = TinyTraining.Options(epochs: 2);
        (options.Arch, options.PretrainedModel, options.EmaDecay, options.Calibrate) = (null, folder.Path, 0.9f, true);
        options.Augmentation = TrainingAugmentations.Light with { RandomCrop = true, CropMinimumArea = 0.5f, MixupAlpha = 0.3 };
        options.ClassWeights = new Dictionary<string, float> { ["red"] = 1, ["green"] = 2, ["blue"] = 0.5f };
        var (expected, history) = Train(options);

        var (found, again) = Train(history.Options!);

        Assert.AreEqual(TrainingStrategy.FineTune, history.Strategy);
        for (int i = 0; i < expected.Length; i++)
            CollectionAssert.AreEqual(expected[i], found[i]);
        CollectionAssert.AreEqual(ModelJson.Write(history.Options), ModelJson.Write(again.Options));
    }

    /// <summary>The seed of a context determines that of a run only together with all that was created from the context before.</summary>
    [TestMethod]
    public void TheSeedOfTheHistoryTrainsTheSameModelInAnyContext()
    {
        var (expected, history) = Train(TinyTraining.Options());
        var options = history.Options!;
        options.Seed = history.Seed;

        var (found, again) = Train(options, contextSeed: 77);

        for (int i = 0; i < expected.Length; i++)
            CollectionAssert.AreEqual(expected[i], found[i]);
        Assert.AreEqual((history.Seed, (int?)history.Seed), (again.Seed, again.Options!.Seed));
    }

    [TestMethod]
    public void AStrategyThatTheTrainerChoseIsNamed()
    {
        using var folder = new TemporaryFolder();
        Pretrained.SaveTo(folder);
        var options = TinyTraining.Options();
        (options.Arch, options.PretrainedModel, options.LearningRate, options.RandomCropMinimumArea) = (null, folder.Path, null, null);

        var (_, history) = Train(options, perClass: 4);

        Assert.AreEqual((null, TrainingStrategy.LinearProbe), (history.Options!.Strategy, history.Strategy));
        Assert.IsGreaterThan(TimeSpan.Zero, history.Duration!.Value);
    }

    [TestMethod]
    public void AResumedRunCountsTheTimeOfItsEarlierParts()
    {
        using var workspace = new TemporaryFolder();
        using var canceled = new CancellationTokenSource();
        var pause = TimeSpan.FromSeconds(0.5);
        var options = TinyTraining.Options(epochs: 2);
        options.WorkspacePath = workspace.Path;
        options.CancellationToken = canceled.Token;
        options.MetricsCallback = metrics =>
        {
            if (metrics.Phase != TrainingPhase.Epoch)
                return;
            Thread.Sleep(pause);
            canceled.Cancel();
        };
        Assert.Throws<OperationCanceledException>(() => Train(options));
        (options.CancellationToken, options.MetricsCallback) = (CancellationToken.None, null);

        var (_, history) = Train(options);

        Assert.IsGreaterThan(pause, history.Duration!.Value);
    }

    [TestMethod]
    public void AFileOfAnEarlierVersionHasNoneOfThis()
    {
        var history = ModelJson.Read<TrainingHistory>("""{"BestEpoch": 3, "Seed": 5}"""u8.ToArray());

        Assert.AreEqual((null, null, null, null), (history.Duration, history.Device, history.Options, history.Strategy));
        Assert.IsEmpty(history.Versions);
    }

    [TestMethod]
    public void AModelWithInvalidOptionsIsRefused()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 1);
        var data = TinyTraining.Data(context);
        using (var model = TinyTraining.Train(context, data))
        {
            model.LastTransformer.TrainingHistory!.Options!.BatchSize = -3;
            TinyTraining.SavedModel(folder, context, model, data.Schema);
        }

        var error = Assert.ThrowsExactly<TargetInvocationException>(() => Load(folder)).GetBaseException();

        Assert.IsInstanceOfType<InvalidDataException>(error);
        Assert.Contains("training-history.json", error.Message);
        Assert.Contains("BatchSize", error.Message);
    }

    private static TrainingHistory Load(TemporaryFolder folder)
    {
        var model = new MLContext().Model.Load(folder.File("model.zip"), out _);
        using (model as IDisposable)
            return ((VisionTransformerPredictionTransformer)((IEnumerable<ITransformer>)model).Last()).TrainingHistory!;
    }

    private static (float[][] Scores, TrainingHistory History) Train(VisionTransformerTrainer.Options options, int perClass = 12, int contextSeed = 1)
    {
        var context = new MLContext(contextSeed);
        var data = TinyTraining.Data(context, perClass);
        using var model = TinyTraining.Train(context, data, options);
        return (TinyTraining.Scores(model.Transform(data)), model.LastTransformer.TrainingHistory!);
    }
}
