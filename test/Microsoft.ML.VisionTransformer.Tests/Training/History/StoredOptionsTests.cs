// Stored options: every option that describes the training is read back with its value; the others are on a list.
using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Training.History;
using Options = Microsoft.ML.VisionTransformer.VisionTransformerTrainer.Options;

namespace Microsoft.ML.VisionTransformer.Tests.Training.History;

[TestClass]
public sealed class StoredOptionsTests
{
    /// <summary>A value for every stored option that is not its default. Together they are not valid; each is stored alone.</summary>
    private static readonly Dictionary<string, object?> _values = new()
    {
        [nameof(Options.LabelColumnName)] = "Class \"a\"",
        [nameof(Options.FeatureColumnName)] = "Фото",
        [nameof(Options.ExampleWeightColumnName)] = "Weight",
        [nameof(Options.ScoreColumnName)] = "Probabilities",
        [nameof(Options.PredictedLabelColumnName)] = "Class",
        [nameof(Options.Arch)] = VisionTransformerArchitecture.Parse("vit_small_patch16_224") with { ImageSize = (64, 96), LayerScale = 1e-5, PatchStride = 8 },
        [nameof(Options.PretrainedModel)] = "timm/vit_tiny_patch16_224.augreg_in21k",
        [nameof(Options.Strategy)] = TrainingStrategy.FromScratch,
        [nameof(Options.Seed)] = -5,
        [nameof(Options.Epoch)] = 3,
        [nameof(Options.BatchSize)] = 7,
        [nameof(Options.GradientAccumulation)] = 2,
        [nameof(Options.Optimizer)] = TrainingOptimizer.Sgd,
        [nameof(Options.Momentum)] = 0.8f,
        [nameof(Options.Beta2)] = 0.99f,
        [nameof(Options.Nesterov)] = false,
        [nameof(Options.LearningRate)] = 0.1f / 3,
        [nameof(Options.LearningRateSchedule)] = TrainingSchedule.Linear,
        [nameof(Options.MinimumLearningRate)] = 0f,
        [nameof(Options.DistributedLearningRate)] = LearningRateScaling.Root,
        [nameof(Options.WarmupEpochs)] = 0.5f,
        [nameof(Options.WeightDecay)] = 1e-4f,
        [nameof(Options.LayerDecay)] = 0.65f,
        [nameof(Options.HeadLearningRateFactor)] = 2f,
        [nameof(Options.InitializeHeadByProbe)] = false,
        [nameof(Options.FrozenBlocks)] = 1,
        [nameof(Options.EmaDecay)] = 0.99f,
        [nameof(Options.EmaWarmup)] = false,
        [nameof(Options.Precision)] = TrainingPrecision.BFloat16,
        [nameof(Options.ClassWeighting)] = ClassWeighting.Balanced,
        [nameof(Options.ClassWeights)] = new Dictionary<string, float> { ["rose {red}"] = 0.5f, ["\"tulip\"\n"] = 2 },
        [nameof(Options.DropPathRate)] = 0f,
        [nameof(Options.ProbePenalty)] = 1e-3f,
        [nameof(Options.LabelSmoothing)] = 0f,
        [nameof(Options.ClipGradientNorm)] = 0f,
        [nameof(Options.RandomCropMinimumArea)] = 0.7f,
        [nameof(Options.HorizontalFlip)] = false,
        [nameof(Options.Augmentation)] = TrainingAugmentations.DeiT with { ErasingFill = ErasingFill.Mean, HueJitter = 0.1 },
        [nameof(Options.Preprocessing)] = new ImagePreprocessing { Size = (64, 96), Mean = new(0.1f, 0.2f, 0.3f), Resizing = ImageResizing.Squash, ScaledDecoding = false },
        [nameof(Options.OnInvalidImage)] = InvalidImageHandling.Skip,
        [nameof(Options.OnInvalidImageInPrediction)] = InvalidImageHandling.Missing,
        [nameof(Options.ValidationSetFraction)] = null,
        [nameof(Options.EarlyStoppingCriteria)] = new VisionTransformerTrainer.EarlyStopping(0.002f, 3, VisionTransformerTrainer.EarlyStoppingMetric.Loss),
        [nameof(Options.Calibrate)] = true,
    };

    private static FieldInfo[] AllFields => typeof(Options).GetFields(BindingFlags.Public | BindingFlags.Instance);

    public static IEnumerable<object[]> Names => AllFields.Select(f => new object[] { f.Name });

    /// <summary>A new option needs a value in the table of this test, or a reason in StoredOptions.Excluded.</summary>
    [TestMethod]
    [DynamicData(nameof(Names))]
    public void AnOptionIsReadBackOrExcluded(string name)
    {
        var field = typeof(Options).GetField(name)!;
        bool excluded = StoredOptions.Excluded.ContainsKey(name);
        Assert.AreNotEqual(excluded, _values.ContainsKey(name), $"{name} needs a value in this test, or a reason in StoredOptions.Excluded");
        if (excluded)
            return;
        var options = new Options();
        Assert.AreNotEqual(field.GetValue(options), _values[name], "the default shows nothing");
        if (name is nameof(Options.FrozenBlocks) or nameof(Options.ProbePenalty))
            options.PretrainedModel = "model";
        field.SetValue(options, _values[name]);

        var read = RoundTrip(StoredOptions.Of(options));

        Assert.AreEqual(Text(field.GetValue(options)), Text(field.GetValue(read)));
        foreach (var other in AllFields.Where(f => f.Name != name && StoredOptions.Fields.ContainsKey(f.Name)))
            Assert.AreEqual(other.GetValue(options), other.GetValue(read), other.Name);
    }

    [TestMethod]
    public void EachExcludedOptionExistsAndHasItsDefaultInTheCopy()
    {
        Assert.IsEmpty(StoredOptions.Excluded.Keys.Except(AllFields.Select(f => f.Name)));
        var options = new Options { Device = "cpu", WorkspacePath = "runs", Logs = TrainingLogs.Csv, ImageMemoryLimitBytes = 5, MetricsCallback = _ => { }, Distributed = DistributedTraining.Off };

        var copy = StoredOptions.Of(options);

        foreach (var field in AllFields.Where(f => StoredOptions.Excluded.ContainsKey(f.Name)))
            Assert.AreEqual(field.GetValue(new Options()), field.GetValue(copy), field.Name);
    }

    [TestMethod]
    public void DefaultsAreNotStored() => Assert.AreEqual("{}", JsonOf(new Options()));

    [TestMethod]
    public void OptionsThatNeedAValidationSetAreReadWithoutOne()
    {
        var options = new Options { ValidationSetFraction = 0, Calibrate = true, EarlyStoppingCriteria = new() };

        Assert.IsTrue(RoundTrip(options).Calibrate);
    }

    [TestMethod]
    [DataRow("""{"Momentun": 1}""", "Momentun")]
    [DataRow("""{"WorkspacePath": "runs"}""", "WorkspacePath")]
    [DataRow("""{"Optimizer": "Lion"}""", "Optimizer")]
    [DataRow("""{"Epoch": "many"}""", "Epoch")]
    [DataRow("""{"Epoch": 0}""", "Epoch")]
    [DataRow("""{"Momentum": null}""", "Momentum")]
    [DataRow("""{"LabelColumnName": null}""", "LabelColumnName")]
    [DataRow("""{"ScoreColumnName": null}""", "ScoreColumnName")]
    [DataRow("""{"LearningRate": "NaN"}""", "LearningRate")]
    [DataRow("""{"ValidationSetFraction": 1}""", "ValidationSetFraction")]
    [DataRow("""{"ClassWeights": {"rose": -1}}""", "ClassWeights")]
    [DataRow("""{"EarlyStoppingCriteria": {"Patience": 0}}""", "patience")]
    [DataRow("""{"Arch": {"Name": null}}""", "Name")]
    [DataRow("""{"Augmentation": {"MixupAlpha": -1}}""", "MixupAlpha")]
    [DataRow("[]", "Options")]
    [DataRow("7", "Options")]
    public void WhatIsWrongIsNamed(string json, string name)
    {
        var error = Assert.Throws<Exception>(() => Read(json));

        Assert.IsTrue(error is JsonException or ArgumentException, error.ToString());
        Assert.Contains(name, error.Message);
    }

    private static Options RoundTrip(Options options) => Read(JsonOf(options));

    private static Options Read(string json) => ModelJson.Read<TrainingHistory>(Encoding.UTF8.GetBytes($$"""{"Options": {{json}}}""")).Options!;

    private static string JsonOf(Options options)
    {
        using var document = JsonDocument.Parse(ModelJson.Write(new TrainingHistory { Options = options }));
        return document.RootElement.GetProperty(nameof(TrainingHistory.Options)).GetRawText();
    }

    /// <summary>Types without equality are compared as JSON.</summary>
    private static string Text(object? value) => Encoding.UTF8.GetString(ModelJson.Write(value));
}
