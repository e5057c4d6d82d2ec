// Building a plan from options: checks that depend on the pretrained model wait for it, and options are accepted if any possible strategy uses them.
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training.Plan;
using Microsoft.ML.VisionTransformer.Training.TrainerOptions;

namespace Microsoft.ML.VisionTransformer.Tests.Training.Plan;

[TestClass]
public sealed class TrainingPlanBuilderTests
{
    private static readonly string[] _classes = ["blue", "green", "red"];

    [TestMethod]
    public void FrozenBlocksAreComparedWithThePretrainedModelAndNotWithTheDefaultNetwork()
    {
        using var folder = new TemporaryFolder();
        Pretrained.SaveTo(folder, architecture: TinyTraining.Architecture with { Depth = 14 });
        var options = Options(folder.Path, TrainingStrategy.FineTune);
        options.FrozenBlocks = 13;

        using (var model = TinyTraining.Train(new MLContext(seed: 1), TinyTraining.Data(new MLContext(seed: 1), perClass: 2), options))
            Assert.AreEqual(14, model.LastTransformer.Architecture.Depth);

        options.FrozenBlocks = 15;
        var error = Assert.Throws<ArgumentException>(() => TinyTraining.Train(new MLContext(seed: 1), TinyTraining.Data(new MLContext(seed: 1), perClass: 2), options));
        Assert.Contains("the number of blocks of the pretrained model, which is 14", error.Message);
    }

    [TestMethod]
    public void PreprocessingIsComparedWithThePretrainedModelAndNotWithTheDefaultNetwork()
    {
        using var folder = new TemporaryFolder();
        Pretrained.SaveTo(folder);
        var options = Options(folder.Path, TrainingStrategy.FineTune);
        options.Preprocessing = new ImagePreprocessing { Size = 16, Resizing = ImageResizing.Squash };

        using (var model = TinyTraining.Train(new MLContext(seed: 1), TinyTraining.Data(new MLContext(seed: 1), perClass: 2), options))
            Assert.AreEqual(ImageResizing.Squash, model.LastTransformer.Preprocessing.Resizing);

        options.Preprocessing = new ImagePreprocessing { Size = 224 };
        var error = Assert.Throws<ArgumentException>(() => TinyTraining.Train(new MLContext(seed: 1), TinyTraining.Data(new MLContext(seed: 1), perClass: 2), options));
        Assert.Contains("Preprocessing makes images of 224x224, but the pretrained model takes 16x16", error.Message);
    }

    [TestMethod]
    public void AnOptionOfFineTuningChoosesItForFewImages()
    {
        var options = Options("model");
        options.EmaDecay = 0.9f;

        var plan = options.ToPlan(1, new TrainingDataSummary(6, _classes));

        Assert.AreEqual(TrainingStrategy.FineTune, plan.Strategy);
        Assert.Contains("EmaDecay", plan.StrategyReason);
    }

    [TestMethod]
    public void APenaltyChoosesTheLinearProbeForManyImages()
    {
        var options = Options("model");
        options.ProbePenalty = 0.1f;

        var plan = options.ToPlan(1, new TrainingDataSummary(6000, _classes));

        Assert.AreEqual(TrainingStrategy.LinearProbe, plan.Strategy);
        Assert.Contains("ProbePenalty", plan.StrategyReason);
    }

    [TestMethod]
    public void OptionsOfTwoStrategiesAreRefusedAtOnce()
    {
        var options = Options("model");
        (options.ProbePenalty, options.EmaDecay) = (0.1f, 0.9f);

        var error = Assert.Throws<ArgumentException>(() => new MLContext().MulticlassClassification.Trainers.VisionTransformer(options));

        Assert.Contains("ProbePenalty, which applies to LinearProbe only, is set together with EmaDecay", error.Message);
    }

    [TestMethod]
    public void ClassWeightsAreCopied()
    {
        var weights = new Dictionary<string, float> { ["blue"] = 1, ["green"] = 1, ["red"] = 1 };
        var options = TinyTraining.Options();
        options.ClassWeights = weights;
        var builder = new TrainingPlanBuilder(options);

        weights["red"] = 100;
        weights.Remove("blue");

        CollectionAssert.AreEqual(new[] { 1f, 1, 1 }, builder.Build(1).ClassWeights!.OrderBy(w => w.Key, StringComparer.Ordinal).Select(w => w.Value).ToArray());
    }

    [TestMethod]
    public void EveryOptionIsCopied()
    {
        var options = TinyTraining.Options();
        (options.Epoch, options.Nesterov, options.Logs, options.WorkspacePath) = (7, false, TrainingLogs.Csv, "folder");

        var copy = new TrainingPlanBuilder(options).Options;

        foreach (var field in typeof(VisionTransformerTrainer.Options).GetFields())
            Assert.AreEqual(field.GetValue(options), field.GetValue(copy), field.Name);
    }

    [TestMethod]
    [DataRow("images")]
    [DataRow("weights")]
    [DataRow("names")]
    public void WhatIsKnownFromTheColumnsIsRefusedBeforeAnImageIsRead(string what)
    {
        var context = new MLContext(seed: 1);
        int read = 0;
        var data = context.Transforms.Conversion.MapValueToKey("Label").Fit(TinyTraining.Data(context)).Transform(context.Data.LoadFromEnumerable(ColoredSamples.Make(4).Select(sample =>
        {
            read++;
            return sample;
        })));
        var options = TinyTraining.Options();
        if (what == "images")
            options.ValidationSet = context.Transforms.DropColumns("Image").Fit(data).Transform(data);
        else if (what == "weights")
            options.ExampleWeightColumnName = "Number";
        else
            options.ClassWeights = new Dictionary<string, float> { ["red"] = 1, ["purple"] = 1 };

        Assert.Throws<ArgumentException>(() => context.MulticlassClassification.Trainers.VisionTransformer(options).Fit(data));

        Assert.AreEqual(0, read);
    }

    [TestMethod]
    public void TheDefaultAugmentationIsThatOfThePlan()
    {
        foreach (int images in new[] { 100, 20_000, 200_000 })
        {
            var options = TinyTraining.Options();
            options.RandomCropMinimumArea = null;
            Assert.AreEqual(options.ToPlan(1, new TrainingDataSummary(images, _classes)).Augmentation, VisionTransformerTrainer.DefaultAugmentation(TrainingStrategy.FromScratch, images));
        }

        Assert.AreEqual(
            Options("model", TrainingStrategy.FineTune).ToPlan(1, new TrainingDataSummary(300, _classes)).Augmentation, VisionTransformerTrainer.DefaultAugmentation(TrainingStrategy.FineTune, 300));
        Assert.AreEqual(TrainingAugmentations.None, VisionTransformerTrainer.DefaultAugmentation(TrainingStrategy.LinearProbe, 300));
        Assert.Throws<ArgumentOutOfRangeException>(() => VisionTransformerTrainer.DefaultAugmentation(TrainingStrategy.FineTune, -1));
    }

    private static VisionTransformerTrainer.Options Options(string pretrained, TrainingStrategy? strategy = null) => new()
    {
        FeatureColumnName = "Image",
        PretrainedModel = pretrained,
        Strategy = strategy,
        Epoch = 1,
        BatchSize = 8,
    };
}
