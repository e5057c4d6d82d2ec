// A workspace returns the result of, or resumes, only the same training, and reports what differs.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training.Checkpointing;

namespace Microsoft.ML.VisionTransformer.Tests.Training.Checkpointing;

[TestClass]
public sealed class WorkspaceTests
{
    private static readonly Dictionary<string, Action<VisionTransformerTrainer.Options>> _others = new()
    {
        ["ClassWeighting"] = o => o.ClassWeighting = ClassWeighting.Balanced,
        ["ClassWeights"] = o => o.ClassWeights = new Dictionary<string, float> { ["blue"] = 1, ["green"] = 2, ["red"] = 3 },
        ["EarlyStoppingCriteria"] = o => o.EarlyStoppingCriteria = new VisionTransformerTrainer.EarlyStopping(),
        ["EmaDecay"] = o => o.EmaDecay = 0.5f,
        ["LabelSmoothing"] = o => o.LabelSmoothing = 0,
    };

    public required TestContext TestContext { get; set; }

    public static IEnumerable<object[]> OtherNames => _others.Keys.Select(k => new object[] { k });

    [TestMethod]
    public void ExchangedPhotosOfTwoClassesAreLearntAnew()
    {
        using var folder = new TemporaryFolder();
        var samples = ColoredSamples.Make(10);
        using var first = Fit(folder, samples, o => o.Epoch = 8).Model;
        var swapped = ColoredSamples.Make(10);
        for (int i = 0; i < swapped.Length; i += 3)
            (swapped[i].Image, swapped[i + 1].Image) = (swapped[i + 1].Image, swapped[i].Image);

        var (model, steps, warnings) = Fit(folder, swapped, o => o.Epoch = 8);
        using (model)
        {
            var context = new MLContext(seed: 3);
            double accuracy = context.MulticlassClassification.Evaluate(model.Transform(context.Data.LoadFromEnumerable(swapped))).MacroAccuracy;
            Assert.IsGreaterThan(0.9, accuracy);
        }

        Assert.IsGreaterThan(0, steps);
        Assert.Contains("the images of the training rows", warnings.Single(w => w.Contains("Training starts over", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void CrossValidationOnNoiseIsTheSameWithAWorkspaceAndWithout()
    {
        using var folder = new TemporaryFolder();
        double[] expected = CrossValidate(null);

        double[] found = CrossValidate(folder.Path);

        TestContext.WriteLine(string.Join(", ", found.Select(accuracy => accuracy.ToString("F2", System.Globalization.CultureInfo.InvariantCulture))));
        CollectionAssert.AreEqual(expected, found);
        Assert.IsLessThan(0.8, found.Max());
    }

    [TestMethod]
    [DynamicData(nameof(OtherNames))]
    public void AnotherOptionTrainsAnewAndIsNamed(string option)
    {
        using var folder = new TemporaryFolder();
        var samples = ColoredSamples.Make(8);
        Fit(folder, samples).Model.Dispose();

        var (model, steps, warnings) = Fit(folder, samples, _others[option]);
        model.Dispose();

        Assert.IsGreaterThan(0, steps);
        Assert.Contains(option, warnings.Single(w => w.Contains("Training starts over", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void EarlyStoppingThatIsRemovedRunsAllEpochs()
    {
        using var folder = new TemporaryFolder();
        var samples = ColoredSamples.Make(10);
        using var first = Fit(folder, samples, o => (o.Epoch, o.EarlyStoppingCriteria) = (20, new VisionTransformerTrainer.EarlyStopping(minDelta: 1000, patience: 2))).Model;

        using var second = Fit(folder, samples, o => o.Epoch = 20).Model;

        Assert.IsTrue(first.LastTransformer.TrainingHistory!.StoppedEarly);
        Assert.HasCount(20, second.LastTransformer.TrainingHistory!.Epochs);
    }

    [TestMethod]
    public void AnotherColumnOfBytesTrainsAnew()
    {
        using var folder = new TemporaryFolder();
        var rows = ColoredSamples.Make(8).Zip(ColoredSamples.Make(8, seed: 8), (a, b) => new TwoImages { Image = a.Image, Other = b.Image, Label = a.Label }).ToArray();
        Fit(folder, rows).Model.Dispose();

        var (model, steps, warnings) = Fit(folder, rows, o => o.FeatureColumnName = "Other");
        model.Dispose();

        Assert.IsGreaterThan(0, steps);
        Assert.Contains("the images of the training rows", warnings.Single(w => w.Contains("Training starts over", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void OtherValidationPhotosTrainAnew()
    {
        using var folder = new TemporaryFolder();
        var samples = ColoredSamples.Make(8);
        Fit(folder, samples, validation: ColoredSamples.Make(3, seed: 8)).Model.Dispose();

        var (model, steps, warnings) = Fit(folder, samples, validation: ColoredSamples.Make(3, seed: 9));
        model.Dispose();

        Assert.IsGreaterThan(0, steps);
        string warning = warnings.Single(w => w.Contains("Training starts over", StringComparison.Ordinal));
        Assert.Contains("the images of the validation rows", warning);
        Assert.DoesNotContain("training rows", warning);
    }

    [TestMethod]
    public void AnOverwrittenPretrainedModelTrainsAnewAndAMovedOneDoesNot()
    {
        using var folder = new TemporaryFolder();
        using var pretrained = new TemporaryFolder();
        using var moved = new TemporaryFolder();
        Pretrained.SaveTo(pretrained, seed: 4);
        Pretrained.SaveTo(moved, seed: 4);
        var samples = ColoredSamples.Make(8);
        Fit(folder, samples, FromPretrained(pretrained.Path)).Model.Dispose();
        var (model, steps, _) = Fit(folder, samples, FromPretrained(moved.Path));
        model.Dispose();
        Assert.AreEqual(0, steps);
        Pretrained.SaveTo(pretrained, seed: 5);

        (model, steps, var warnings) = Fit(folder, samples, FromPretrained(pretrained.Path));
        model.Dispose();

        Assert.IsGreaterThan(0, steps);
        Assert.Contains("the weights of the pretrained model", warnings.Single(w => w.Contains("Training starts over", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void AnInterruptedRunDoesNotContinueOnOtherPhotos()
    {
        using var folder = new TemporaryFolder();
        using var cancel = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Fit(
            folder, ColoredSamples.Make(8), o => (o.Epoch, o.CancellationToken, o.MetricsCallback) = (3, cancel.Token, m => CancelAfterAnEpoch(m, cancel))));

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Fit(folder, ColoredSamples.Make(8, seed: 8), o => o.Epoch = 3));

        Assert.Contains("the images of the training rows", error.Message);
        Assert.DoesNotContain("labels or weights", error.Message);
    }

    [TestMethod]
    public void ASetThatIsMovedAsAWholeIsTheSameAndAnEditedFileOfTheSameSizeAndTimeIsNot()
    {
        using var folder = new TemporaryFolder();
        using var images = new TemporaryFolder();
        using var elsewhere = new TemporaryFolder();
        ColoredSamples.WriteTo(images.Path, perClass: 8);
        ColoredSamples.WriteTo(elsewhere.Path, perClass: 8);
        FitPaths(folder, images.Path).Model.Dispose();

        var (model, steps, warnings) = FitPaths(folder, elsewhere.Path);
        model.Dispose();
        Assert.AreEqual(0, steps);
        Assert.DoesNotContain(w => w.Contains("starts over", StringComparison.Ordinal), warnings);

        ReplaceContent(Directory.GetFiles(elsewhere.File("red", "x")[..^2])[0]);
        (model, steps, warnings) = FitPaths(folder, elsewhere.Path);
        model.Dispose();
        Assert.IsGreaterThan(0, steps);
        Assert.Contains("rows", warnings.Single(w => w.Contains("Training starts over", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void ASeedThatIsAnotherIsNamed()
    {
        using var folder = new TemporaryFolder();
        Fit(folder, ColoredSamples.Make(8)).Model.Dispose();

        var (model, steps, warnings) = Fit(folder, ColoredSamples.Make(8), seed: 4);
        model.Dispose();

        Assert.IsGreaterThan(0, steps);
        Assert.Contains("the seed was", warnings.Single(w => w.Contains("Training starts over", StringComparison.Ordinal)));
    }

    /// <summary>Batches of 16 of two processes are updates of 32 rows: another training than 16 of one.</summary>
    [TestMethod]
    public void AFinishedRunOfAnotherNumberOfProcessesIsAnotherRun()
    {
        using var folder = new TemporaryFolder();
        Fit(folder, ColoredSamples.Make(4)).Model.Dispose();
        using var workspace = TrainingWorkspace.Open(folder.Path)!;
        var (progress, identity) = TrainingCheckpoint.Describe(workspace.Checkpoint)!.Value;
        var reasons = new List<string>();

        Assert.IsNotNull(workspace.ResumeFrom(identity, progress.Seed, reasons.Add, processes: 1));
        Assert.IsNull(workspace.ResumeFrom(identity, progress.Seed, reasons.Add, processes: 2));

        Assert.Contains("the rows per update were", reasons.Single());
    }

    private static void CancelAfterAnEpoch(TrainingMetrics metrics, CancellationTokenSource cancel)
    {
        if (metrics.Phase == TrainingPhase.Epoch)
            cancel.Cancel();
    }

    private static Action<VisionTransformerTrainer.Options> FromPretrained(string path) =>
        o => (o.Arch, o.PretrainedModel, o.Strategy) = (null, path, TrainingStrategy.FineTune);

    /// <summary>Another picture in a file of the same size and time.</summary>
    private static void ReplaceContent(string path)
    {
        var time = File.GetLastWriteTimeUtc(path);
        byte[] content = PaintedImage.Encode(PaintedImage.Gradient(20, 20), SkiaSharp.SKEncodedImageFormat.Png);
        byte[] old = File.ReadAllBytes(path);
        // A PNG file ends with IEND; what follows is ignored, and fills the file up to its old size.
        Assert.IsLessThan(old.Length, content.Length);
        Array.Resize(ref content, old.Length);
        File.WriteAllBytes(path, content);
        File.SetLastWriteTimeUtc(path, time);
    }

    /// <summary>Folds of the same size with the same labels in the same order: only the photos differ.</summary>
    private static double[] CrossValidate(string? workspace)
    {
        const int Folds = 3;
        var context = new MLContext(seed: 1);
        var data = Enumerable.Range(0, 1000).Select(attempt => context.Data.LoadFromEnumerable(NoiseRows(attempt)))
            .First(rows => context.Data.CrossValidationSplit(rows, Folds, nameof(NoiseRow.Group)).All(fold => fold.TestSet.GetColumn<string>("Label").Count() == NoiseRow.Count / Folds));
        var options = TinyTraining.Options(epochs: 30);
        (options.WorkspacePath, options.Augmentation, options.RandomCropMinimumArea, options.LabelSmoothing, options.ValidationSetFraction) = (workspace, TrainingAugmentations.None, null, 0, null);
        var folds = context.MulticlassClassification.CrossValidate(data, TinyTraining.Pipeline(context, options), Folds, samplingKeyColumnName: nameof(NoiseRow.Group));
        return [.. folds.Select(fold => fold.Metrics.MicroAccuracy)];
    }

    private static NoiseRow[] NoiseRows(int attempt)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, NoiseRow.Count).Select(i => new NoiseRow { Image = Noise(random), Label = i / 3 % 2 == 0 ? "a" : "b", Group = FormattableString.Invariant($"{attempt}, {i % 3}") })];
    }

    private static byte[] Noise(Random random)
    {
        var image = PaintedImage.Gradient(16, 16);
        random.NextBytes(image.Pixels);
        return PaintedImage.Encode(image, SkiaSharp.SKEncodedImageFormat.Png);
    }

    private static Result Fit<T>(TemporaryFolder folder, T[] rows, Action<VisionTransformerTrainer.Options>? change = null, T[]? validation = null, int seed = 3)
        where T : class
    {
        var context = new MLContext(seed);
        var data = context.Data.LoadFromEnumerable(rows);
        return Fit(context, data, folder, change, validation is null ? null : context.Data.LoadFromEnumerable(validation));
    }

    private static Result FitPaths(TemporaryFolder folder, string images)
    {
        var context = new MLContext(seed: 3);
        return Fit(context, context.Data.LoadImagesFromFolder(images), folder, o => o.FeatureColumnName = "ImagePath", null);
    }

    private static Result Fit(MLContext context, IDataView data, TemporaryFolder folder, Action<VisionTransformerTrainer.Options>? change, IDataView? validation)
    {
        var warnings = new List<string>();
        context.Log += (_, e) =>
        {
            if (e.Kind == Runtime.ChannelMessageKind.Warning)
                warnings.Add(e.Message);
        };
        int steps = 0;
        var options = TinyTraining.Options(epochs: 2);
        (options.WorkspacePath, options.MetricsCallback) = (folder.Path, _ => steps++);
        if (validation is not null)
            options.ValidationSet = context.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(validation);
        change?.Invoke(options);
        return new Result(TinyTraining.Train(context, data, options), steps, warnings);
    }

    private sealed record Result(TransformerChain<VisionTransformerPredictionTransformer> Model, int Steps, List<string> Warnings);

    private sealed class TwoImages
    {
        public byte[] Image { get; set; } = [];

        public byte[] Other { get; set; } = [];

        public string Label { get; set; } = "";
    }

    private sealed class NoiseRow
    {
        internal const int Count = 48;

        public string Group { get; set; } = "";

        public byte[] Image { get; set; } = [];

        public string Label { get; set; } = "";
    }
}
