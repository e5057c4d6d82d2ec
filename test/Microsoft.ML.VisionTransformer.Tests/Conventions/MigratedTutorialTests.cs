// Runs the steps of the migration guide's diff: separately fitted preprocessing, a renamed label column, a validation set, an engine over prepared rows.
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Conventions;

[TestClass]
public sealed class MigratedTutorialTests
{
    [TestMethod]
    public void ThePipelineOfTheTutorialTrainsEvaluatesAndPredicts()
    {
        var mlContext = new MLContext(seed: 1);
        string folder = TestData.SignDigits;
        var rows = Directory.EnumerateFiles(Path.Combine(folder, "train"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(path => new Photo { ImagePath = Path.GetRelativePath(folder, path), Label = Path.GetFileName(Path.GetDirectoryName(path))! })
            .Where(photo => photo.Label is "0" or "5");
        var shuffled = mlContext.Data.ShuffleRows(mlContext.Data.LoadFromEnumerable(rows.ToArray()), seed: 1);
        var preprocessing = mlContext.Transforms.Conversion.MapValueToKey(inputColumnName: "Label", outputColumnName: "LabelAsKey")
            .Append(mlContext.Transforms.LoadRawImageBytes(outputColumnName: "Image", imageFolder: folder, inputColumnName: "ImagePath"));
        var prepared = preprocessing.Fit(shuffled).Transform(shuffled);
        var split = mlContext.Data.TrainTestSplit(prepared, testFraction: 0.4, seed: 1);
        var validationTest = mlContext.Data.TrainTestSplit(split.TestSet, testFraction: 0.5, seed: 1);
        var reported = new List<TrainingMetrics>();
        var options = new VisionTransformerTrainer.Options
        {
            FeatureColumnName = "Image",
            LabelColumnName = "LabelAsKey",
            ValidationSet = validationTest.TrainSet,
            PretrainedModel = TestData.Path("golden", "checkpoints", "timm"),
            Strategy = TrainingStrategy.LinearProbe,
            MetricsCallback = reported.Add,
        };
        var pipeline = mlContext.MulticlassClassification.Trainers.VisionTransformer(options).Append(mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel"));

        var model = pipeline.Fit(split.TrainSet);

        var test = mlContext.Data.CreateEnumerable<ModelInput>(validationTest.TestSet, reuseRowObject: false).ToArray();
        var metrics = mlContext.MulticlassClassification.Evaluate(model.Transform(validationTest.TestSet), labelColumnName: "LabelAsKey");
        var engine = mlContext.Model.CreatePredictionEngine<ModelInput, ModelOutput>(model);
        var answers = test.Select(engine.Predict).ToArray();
        Assert.IsNotEmpty(reported);
        Assert.IsTrue(answers.All(a => a.PredictedLabel is "0" or "5"));
        Assert.AreEqual(metrics.MicroAccuracy, answers.Average(a => a.PredictedLabel == a.Label ? 1.0 : 0), 1e-9);
        engine.Dispose();
    }

    private sealed class Photo
    {
        public string ImagePath { get; set; } = "";

        public string Label { get; set; } = "";
    }

    private sealed class ModelInput
    {
        public byte[] Image { get; set; } = [];

        public uint LabelAsKey { get; set; }

        public string ImagePath { get; set; } = "";

        public string Label { get; set; } = "";
    }

    private sealed class ModelOutput
    {
        public string Label { get; set; } = "";

        public string PredictedLabel { get; set; } = "";
    }
}
