// The table of settings covers the trainer's options, and configuration files work like the command line.
using System.Reflection;
using Microsoft.ML.VisionTransformer.Cli.Settings;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Cli.Training;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Settings;

[TestClass]
public sealed class TrainSettingsTests
{
    /// <summary>
    /// Options without a setting: the tool sets columns and callbacks; images are read from paths, which need no memory limit; --seed is that of the
    /// MLContext; the others combine several settings.
    /// </summary>
    private static readonly string[] _withoutSetting =
    [
        "LabelColumnName", "FeatureColumnName", "ExampleWeightColumnName", "ScoreColumnName", "PredictedLabelColumnName", "MetricsCallback", "CancellationToken", "OnCancellation",
        "ValidationSet", "ImageMemoryLimitBytes", "Seed", "Preprocessing", "Augmentation", "EarlyStoppingCriteria",
    ];

    [TestMethod]
    public void EveryOptionOfTheTrainerHasASetting()
    {
        var fields = typeof(VisionTransformerTrainer.Options).GetFields(BindingFlags.Public | BindingFlags.Instance)
            .Where(f => f.GetCustomAttribute<ObsoleteAttribute>() is null).Select(f => f.Name).Except(_withoutSetting);

        // Settings name the field that the trainer's messages refer to.
        var settable = TrainSettings.All.Select(s => s.Field);

        Assert.AreEqual("", string.Join(", ", fields.Except(settable)));
    }

    [TestMethod]
    public void NamesAreUniqueAndDescriptionsEndWithAPeriod()
    {
        CollectionAssert.AllItemsAreUnique(TrainSettings.All.Select(s => s.Name).ToArray());
        foreach (var setting in TrainSettings.All)
            StringAssert.EndsWith(setting.Help, ".");
    }

    [TestMethod]
    public void ValuesReachTheOptions()
    {
        var options = Complete("--strategy", "fine-tune", "--pretrained", "x", "--epochs", "3", "--weight-decay", "0.5", "--optimizer", "sgd", "--nesterov", "false", "--class-weights", "a=2, b=0.5",
            "--logs", "csv,tensor-board", "--mixup", "0.8", "--augmentation", "light", "--early-stopping-patience", "4", "--calibrate", "true");

        Assert.AreEqual(TrainingStrategy.FineTune, options.Strategy);
        Assert.AreEqual(3, options.Epoch);
        Assert.AreEqual(0.5f, options.WeightDecay);
        Assert.AreEqual(TrainingOptimizer.Sgd, options.Optimizer);
        Assert.IsFalse(options.Nesterov);
        Assert.AreEqual(0.5f, options.ClassWeights!["b"]);
        Assert.AreEqual(TrainingLogs.Csv | TrainingLogs.TensorBoard, options.Logs);
        Assert.AreEqual(TrainingAugmentations.Light with { MixupAlpha = 0.8f }, options.Augmentation);
        Assert.AreEqual(4, options.EarlyStoppingCriteria!.Patience);
        Assert.IsTrue(options.Calibrate);
        Assert.AreEqual(CancellationHandling.ReturnBest, options.OnCancellation);
        Assert.IsNull(options.Arch);
    }

    [TestMethod]
    [DataRow(true, "--pretrained", "x")]
    [DataRow(true, "--pretrained", "x", "--strategy", "linear-probe")]
    [DataRow(false, "--pretrained", "x", "--no-report", "true")]
    [DataRow(false, "--pretrained", "x", "--learning-curve", "false")]
    [DataRow(false, "--pretrained", "x", "--strategy", "fine-tune", "--initialize-head-by-probe", "false")]
    [DataRow(true, "--pretrained", "x", "--no-report", "true", "--learning-curve", "true")]
    [DataRow(false)]
    public void TheLearningCurveIsMeasuredForTheReportWhereAProbeRuns(bool expected, params string[] typed) => Assert.AreEqual(expected, Complete(typed).LearningCurve);

    [TestMethod]
    [DataRow("full")]
    [DataRow("float32")]
    public void SettingsOfEarlierVersionsAreRead(string precision) =>
        Assert.AreEqual(TrainingPrecision.Float32, Complete("--pretrained", "x", "--strategy", "fine-tune", "--precision", precision).Precision);

    [TestMethod]
    public void OneAugmentationSettingChangesTheDefaultOfTheStrategyAndKeepsTheRest()
    {
        Assert.AreEqual(
            VisionTransformerTrainer.DefaultAugmentation(TrainingStrategy.FineTune, 300) with { MixupAlpha = 0.2f }, Complete("--pretrained", "m", "--mixup", "0.2").Augmentation);
        Assert.AreEqual(AugmentationPolicy.TrivialAugmentWide, Complete("--pretrained", "m", "--mixup", "0.2").Augmentation!.Policy);
        Assert.AreEqual(AugmentationPolicy.None, Complete("--mixup", "0.2").Augmentation!.Policy);
        Assert.AreEqual(AugmentationPolicy.RandAugment, Complete(images: 20_000, "--mixup", "0.2").Augmentation!.Policy);
    }

    [TestMethod]
    [DataRow("true", 0.5)]
    [DataRow("false", 0.0)]
    public void CropAndFlipCombineWithOtherAugmentationSettings(string flip, double probability)
    {
        var options = Complete("--horizontal-flip", flip, "--random-crop-minimum-area", "0.25", "--augmentation", "none", "--mixup", "0.2");

        Assert.AreEqual(TrainingAugmentations.None with { RandomCrop = true, CropMinimumArea = 0.25, HorizontalFlipProbability = probability, MixupAlpha = 0.2f }, options.Augmentation);
        // The trainer accepts them.
        new MLContext().MulticlassClassification.Trainers.VisionTransformer(options);
    }

    [TestMethod]
    public void ArchitectureAndPreprocessingAreChangedTogether()
    {
        var options = Complete("--arch", "vit_small_patch16_224", "--image-size", "48x80", "--patch-size", "8", "--resizing", "pad");

        Assert.AreEqual(384, options.Arch!.EmbeddingDimension);
        Assert.AreEqual((ImageDimensions)(48, 80), options.Arch.ImageSize);
        Assert.AreEqual(ImageResizing.Pad, options.Preprocessing!.Resizing);
        Assert.AreEqual((ImageDimensions)(48, 80), options.Preprocessing.Size);
    }

    [TestMethod]
    public void AConfigurationFileIsRead()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("c.json"), """
            // how we train
            { "epochs": 20, "learning-rate": 1e-4, "calibrate": true, "class-weights": { "daisy": 2, "roses": 0.5 }, "logs": ["csv", "tensor-board"], }
            """);

        var values = ConfigFile.Read(folder.File("c.json"), TrainSettings.All);

        Assert.AreEqual("20", values["epochs"].Text);
        Assert.AreEqual(1e-4f, values["learning-rate"].Number());
        Assert.IsTrue(values["calibrate"].Switch());
        Assert.AreEqual(2f, values["class-weights"].NamedValues()["daisy"]);
        Assert.AreEqual(TrainingLogs.Csv | TrainingLogs.TensorBoard, values["logs"].Choices<TrainingLogs>());
    }

    [TestMethod]
    public void TheCommandLineOverridesTheFile()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("c.json"), """{ "epochs": 20, "batch-size": 4, "out": "m.zip" }""");

        var settings = SessionSettings.Of(new Dictionary<string, SettingValue> { ["epochs"] = new("--epochs", "3") }, folder.File("c.json"), resume: false);

        Assert.AreEqual("3", settings.Values["epochs"].Text);
        Assert.AreEqual("4", settings.Values["batch-size"].Text);
        Assert.IsTrue(Path.IsPathRooted(settings.Values["out"].Text));
    }

    [TestMethod]
    [DataRow("""{ "epoch": 20 }""", "\"epoch\" in ", "did you mean \"epochs\"?")]
    [DataRow("""{ "epochs": 20, "epochs": 30 }""", "c.json is not valid JSON", "epochs")]
    [DataRow("{ \"epochs\": ", "c.json is not valid JSON", "")]
    [DataRow("[1]", "is not a JSON object", "")]
    public void AnInvalidFileIsRejected(string text, string what, string hint)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("c.json"), text);

        var error = Assert.ThrowsExactly<UsageException>(() => ConfigFile.Read(folder.File("c.json"), TrainSettings.All));

        StringAssert.Contains(error.Message, what);
        StringAssert.Contains(error.Message, hint);
    }

    [TestMethod]
    public void AValueInAFileIsNamedWithTheFile()
    {
        var error = Assert.ThrowsExactly<UsageException>(() => new SettingValue("\"epochs\" in c.json", "many").Whole());

        Assert.AreEqual("\"epochs\" in c.json is 'many'; it must be a whole number.", error.Message);
    }

    private static VisionTransformerTrainer.Options Complete(params string[] typed) => Complete(images: 300, typed);

    private static VisionTransformerTrainer.Options Complete(int images, params string[] typed)
    {
        var values = typed.Chunk(2).ToDictionary(pair => pair[0][2..], pair => new SettingValue(pair[0], pair[1]));
        (values["data"], values["out"]) = (new("--data", "x"), new("--out", "x.zip"));
        var request = TrainerOptions.Read(values);
        var options = TrainerOptions.Complete(request, _ => { }, CancellationToken.None);
        TrainerOptions.Augment(request, images);
        return options;
    }
}
