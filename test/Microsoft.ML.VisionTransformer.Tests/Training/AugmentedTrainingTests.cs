// Training with augmentation: targets of mixed rows, presets, seeds, threads, contradicting options, memory.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Augmentation;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training.Data;
using Microsoft.ML.VisionTransformer.Training.Evaluation;
using Microsoft.ML.VisionTransformer.Training.Plan;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Training;

[TestClass]
public sealed class AugmentedTrainingTests
{
    private static readonly Dictionary<string, TrainingAugmentations> _presets = new()
    {
        ["None"] = TrainingAugmentations.None,
        ["Light"] = TrainingAugmentations.Light,
        ["DeiT"] = TrainingAugmentations.DeiT,
        ["ThreeAugment"] = TrainingAugmentations.ThreeAugment,
    };

    public static IEnumerable<object[]> Presets => _presets.Keys.Select(k => new object[] { k });

    [TestMethod]
    public void SoftTargetsAreShares()
    {
        var batch = new TrainingBatch([], [0, 2, 1], [1, 1, 1], OwnFraction: 0.75);

        CollectionAssert.AreEqual(new[] { 0.75f, 0.25f, 0, 0, 0, 1, 0.25f, 0.75f, 0 }, SoftTargets.Of(batch, 3, 0));
        CollectionAssert.AreEqual(new long[] { 0, 2, 1 }, SoftTargets.Dominant(batch));
        CollectionAssert.AreEqual(new long[] { 1, 2, 0 }, SoftTargets.Dominant(batch with { OwnFraction = 0.25 }));
    }

    [TestMethod]
    public void ARowOfWeightZeroTeachesNothingInItsPartnersImageEither()
    {
        var batch = new TrainingBatch([], [0, 1], [0, 4], OwnFraction: 0.75);

        CollectionAssert.AreEqual(new[] { 0f, 1, 0, 0, 3, 0 }, SoftTargets.Of(batch, 3, 0));
    }

    [TestMethod]
    [DataRow("soft_targets", 0.0)]
    [DataRow("soft_targets_smoothing_0_1", 0.1)]
    public void SoftTargetsAreTimms(string name, double smoothing)
    {
        var golden = SafetensorsFile.Read(TestData.Path("golden", "training", "batches.safetensors"));
        long[] classes = golden.Int64s("targets");
        float[] expected = golden.Floats(name);
        for (int batch = 0; batch < 4; batch++)
        {
            float[] found = SoftTargets.Of(new TrainingBatch([], classes[(batch * 8)..((batch + 1) * 8)], [1, 1, 1, 1, 1, 1, 1, 1], 0.3), 10, smoothing);
            for (int i = 0; i < found.Length; i++)
                Assert.AreEqual(expected[batch * 80 + i], found[i], 1e-7, $"batch {batch}, number {i}");
        }
    }

    [TestMethod]
    public void TheFirstLossOfAMixedRunIsPyTorchs()
    {
        using var run = JsonDocument.Parse(File.ReadAllText(TestData.Path("golden", "training", "e_mixup_soft_targets.json")));
        using var scope = NewDisposeScope();
        var golden = SafetensorsFile.Read(TestData.Path("golden", "training", "batches.safetensors"));
        using var network = new VisionTransformerNetwork(VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
        {
            ImageSize = 32,
            PatchSize = 8,
            EmbeddingDimension = 32,
            Depth = 2,
            Heads = 4,
            Classes = 10,
        });
        network.load_state_dict(SafetensorsFile.Read(TestData.Path("golden", "training", "init.safetensors")).Tensors());
        var batch = new TrainingBatch(golden.Floats("inputs")[..(8 * 3 * 32 * 32)], golden.Int64s("targets")[..8], [1, 1, 1, 1, 1, 1, 1, 1], 0.3);
        BatchMixing.Mixup(batch.Inputs, 8, 0.3);

        var loss = SoftTargets.CrossEntropy(network.forward(tensor(batch.Inputs, [8, 3, 32, 32])), tensor(SoftTargets.Of(batch, 10, 0), [8, 10]));

        Assert.AreEqual(run.RootElement.GetProperty("loss_per_step")[0].GetDouble(), loss.item<float>() / 8, 1e-5);
    }

    [TestMethod]
    public void BatchesArePreparedInParallelAsTheyWouldBeOneByOne()
    {
        var preprocessing = new ImagePreprocessing { Size = 16 };
        var converter = new ImagePreprocessor(preprocessing, new AugmentationPipeline(preprocessing, TrainingAugmentations.DeiT));
        var mixing = new BatchMixing(TrainingAugmentations.DeiT, 16, 16);
        TrainingRow[] rows = [.. ColoredSamples.Make(7).Select((s, i) => new TrainingRow(new EncodedImageSource(s.Image, s.Label), i, 1))];

        using var batches = new TrainingBatches(converter, 8, seed: 5, mixing).ForTraining(rows, epochs: 2);

        for (int first = 0; first < 3; first++)
            Assert.IsTrue(batches.TryTake(out _), "the first epoch has three batches");
        int number = 0, seen = 0;
        for (; batches.TryTake(out var batch); number++)
        {
            float[] expected = new float[batch.Count * converter.Length];
            for (int i = 0; i < batch.Count; i++)
            {
                var random = RandomStream.For(5, (long)RandomPurpose.Augmentation, 2, batch.Classes[i]);
                rows[batch.Classes[i]].Image.Fill(converter, random, expected.AsSpan(i * converter.Length, converter.Length));
            }

            Assert.AreEqual(mixing.Mix(expected, batch.Count, RandomStream.For(5, (long)RandomPurpose.Mixing, 2, number)), batch.OwnFraction);
            CollectionAssert.AreEqual(expected, batch.Inputs);
            seen += batch.Count;
        }

        Assert.AreEqual(21, seen);
    }

    [TestMethod]
    [DynamicData(nameof(Presets))]
    public void EveryPresetTrainsTheSameModelForTheSameSeed(string preset)
    {
        float[] first = Train(_presets[preset]), again = Train(_presets[preset]);

        CollectionAssert.AreEqual(first, again);
        Assert.IsTrue(first.All(float.IsFinite));
    }

    [TestMethod]
    [DynamicData(nameof(Presets))]
    public void EveryPresetGivesItsMemoryBack(string preset) => LiveTensors.AssertSameAfter(() => Train(_presets[preset]), TinyTraining.Parameters);

    [TestMethod]
    public void MixedTrainingLearns()
    {
        var context = new MLContext(seed: 1);
        var options = Options(TrainingAugmentations.None with { MixupAlpha = 0.8, CutmixAlpha = 1 }, epochs: 12);

        using var model = TinyTraining.Train(context, TinyTraining.Data(context, perClass: 16), options);

        var history = model.LastTransformer.TrainingHistory!;
        Assert.IsLessThan(history.Epochs[0].TrainingLoss, history.Epochs[^1].TrainingLoss);
        Assert.IsGreaterThan(0.8, history.Epochs[^1].ValidationAccuracy!.Value);
    }

    [TestMethod]
    public void CropAndFlipMaySayTheSameAsTheAugmentation()
    {
        var options = Options(TrainingAugmentations.Light with { CropMinimumArea = 0.5, HorizontalFlipProbability = 0 });
        (options.RandomCropMinimumArea, options.HorizontalFlip) = (0.5f, false);

        Assert.AreEqual(0.5, options.ToPlan(1).Augmentation.CropMinimumArea);
    }

    [TestMethod]
    [DataRow(0.25f, true, "RandomCropMinimumArea is 0.25")]
    [DataRow(null, false, "HorizontalFlip is False")]
    public void CropOrFlipThatContradictsTheAugmentationIsRefused(float? area, bool flip, string reason)
    {
        var options = Options(TrainingAugmentations.Light);
        (options.RandomCropMinimumArea, options.HorizontalFlip) = (area, flip);

        Assert.Contains(reason, Assert.Throws<ArgumentException>(() => options.ToPlan(1)).Message);
    }

    [TestMethod]
    public void ALinearProbeWithAugmentationIsRefused()
    {
        var options = Options(TrainingAugmentations.Light);
        (options.Strategy, options.PretrainedModel) = (TrainingStrategy.LinearProbe, "some/model");

        Assert.Contains("which processes each image once, unchanged", Assert.Throws<ArgumentException>(() => options.ToPlan(1)).Message);
    }

    [TestMethod]
    public void WithoutAugmentationTheOptionsOfCropAndFlipHold()
    {
        var plan = TinyTraining.Options().ToPlan(1);

        Assert.AreEqual(new TrainingAugmentations { CropMinimumArea = 0.5 }, plan.Augmentation);
        Assert.IsFalse(plan.AugmentationIsChosen);
    }

    [TestMethod]
    public void AWrongSettingIsRefusedBeforeTraining() =>
        Assert.Contains("MixupAlpha", Assert.Throws<ArgumentException>(() => Options(new() { MixupAlpha = -1 }).ToPlan(1)).Message);

    [TestMethod]
    [DataRow("Light", true)]
    [DataRow("None", false)]
    public void PreparedPixelsAreWarnedAboutWhatNeedsImages(string preset, bool warns)
    {
        var context = new MLContext(seed: 1);
        var warnings = new List<string>();
        context.Log += (_, e) =>
        {
            if (e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning)
                warnings.Add(e.Message);
        };
        var rows = Enumerable.Range(0, 12).Select(i => new PixelRow { Image = [.. Enumerable.Range(0, 768).Select(p => MathF.Sin(i * p))], Label = $"{i % 2}" });

        using var model = TinyTraining.Train(context, context.Data.LoadFromEnumerable(rows), Options(_presets[preset] with { MixupAlpha = 1, ErasingProbability = 1 }));

        Assert.AreEqual(warns, warnings.Any(w => w.Contains("flipped, erased and mixed only", StringComparison.Ordinal)));
    }

    private static VisionTransformerTrainer.Options Options(TrainingAugmentations augmentation, int epochs = 1)
    {
        var options = TinyTraining.Options(epochs);
        (options.RandomCropMinimumArea, options.Augmentation) = (null, augmentation);
        return options;
    }

    private static float[] Train(TrainingAugmentations augmentation)
    {
        var context = new MLContext(seed: 3);
        var data = TinyTraining.Data(context);
        using var model = TinyTraining.Train(context, data, Options(augmentation, epochs: 2));
        return [.. TinyTraining.Scores(model.Transform(data)).SelectMany(s => s)];
    }

    private sealed class PixelRow
    {
        [Microsoft.ML.Data.VectorType(768)]
        public float[] Image { get; set; } = [];

        public string Label { get; set; } = "";
    }
}
