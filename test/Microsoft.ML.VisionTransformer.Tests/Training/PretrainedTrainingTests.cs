// Training that starts from a pretrained model.
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Training;

[TestClass]
public sealed class PretrainedTrainingTests
{
    [TestMethod]
    public void FineTuningStartsFromTheWeightsAndKeepsTheHeadOfTheSameClasses()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 3);
        var data = TinyTraining.Data(context);
        float[][] before = Pretrain(context, data, folder);

        // A rate this small changes nothing that can be seen: what comes out is what went in.
        using var model = TinyTraining.Train(context, data, Options(folder, rate: 1e-12f));

        Assert.AreEqual(TinyTraining.Architecture.EmbeddingDimension, model.LastTransformer.Architecture.EmbeddingDimension);
        AssertSame(before, TinyTraining.Scores(model.Transform(data)), 1e-5);
    }

    [TestMethod]
    public void TheHeadsRowsFollowTheOrderOfTheClasses()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 3);
        var data = TinyTraining.Data(context);
        float[][] before = Pretrain(context, data, folder);
        var reversed = context.Data.LoadFromEnumerable(ColoredSamples.Make(8).Reverse().OrderByDescending(s => s.Label, StringComparer.Ordinal).ToArray());

        using var model = TinyTraining.Train(context, reversed, Options(folder, rate: 1e-12f));

        CollectionAssert.AreEqual(new[] { "red", "green", "blue" }, model.LastTransformer.ClassNames.ToArray());
        float[][] after = TinyTraining.Scores(model.Transform(data));
        // Trained order is blue, green, red.
        AssertSame(before, [.. after.Select(row => new[] { row[2], row[1], row[0] })], 1e-5);
    }

    [TestMethod]
    public void OtherClassesGetANewHeadThatStartsAtZero()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 3);
        var data = TinyTraining.Data(context);
        Pretrain(context, data, folder);
        var others = context.Data.LoadFromEnumerable(ColoredSamples.Make(8).Select(s => new ColoredSample { Image = s.Image, Label = "not " + s.Label, Number = s.Number }));

        using var model = TinyTraining.Train(context, others, Options(folder, rate: 1e-12f));

        AssertSame([.. Enumerable.Repeat(new[] { 1 / 3f, 1 / 3f, 1 / 3f }, 24)], TinyTraining.Scores(model.Transform(others)), 1e-5);
    }

    [TestMethod]
    public void FineTuningLearnsAndGivesAllTensorsBack()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 3);
        var data = TinyTraining.Data(context);
        Pretrain(context, data, folder);
        var others = context.Data.LoadFromEnumerable(ColoredSamples.Make(8).Select(s => new ColoredSample { Image = s.Image, Label = "not " + s.Label, Number = s.Number }));
        double accuracy = 0;

        LiveTensors.AssertSameAfter(
            () =>
            {
                using var model = TinyTraining.Train(context, others, Options(folder, rate: 3e-3f, epochs: 6));
                accuracy = context.MulticlassClassification.Evaluate(model.Transform(others)).MicroAccuracy;
            },
            parametersCreated: TinyTraining.Parameters);

        Assert.IsGreaterThan(0.9, accuracy);
    }

    [TestMethod]
    public void AnotherImageSizeResamplesThePositions()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 3);
        var data = TinyTraining.Data(context);
        Pretrain(context, data, folder);
        var options = Options(folder, rate: 1e-12f);
        options.Arch = TinyTraining.Architecture with { ImageSize = 24 };

        using var model = TinyTraining.Train(context, data, options);

        Assert.AreEqual(24, model.LastTransformer.Architecture.ImageSize.Height);
        Assert.AreEqual(24, model.LastTransformer.Preprocessing.Size.Height);
        Assert.IsGreaterThan(0.5, context.MulticlassClassification.Evaluate(model.Transform(data)).MicroAccuracy);
    }

    [TestMethod]
    public void AnArchitectureThatIsNotTheModelsIsRefusedWithTheTensors()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 3);
        var data = TinyTraining.Data(context);
        Pretrain(context, data, folder);
        var options = Options(folder, rate: 1e-3f);
        options.Arch = TinyTraining.Architecture with { EmbeddingDimension = 48 };

        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => TinyTraining.Train(context, data, options));

        Assert.Contains("cls_token is [1, 1, 24], but the network needs [1, 1, 48]", error.Message);
    }

    [TestMethod]
    public void AMissingModelIsNamed()
    {
        var context = new MLContext(seed: 3);
        var options = TinyTraining.Options();
        (options.PretrainedModel, options.Arch) = ("no/such/folder/here", null);

        var error = Assert.ThrowsExactly<FileNotFoundException>(() => TinyTraining.Train(context, TinyTraining.Data(context), options));

        Assert.Contains("no/such/folder/here", error.Message);
    }

    /// <summary>Trains a model, writes it into the folder, and gives its scores.</summary>
    private static float[][] Pretrain(MLContext context, IDataView data, TemporaryFolder folder)
    {
        using var model = TinyTraining.Train(context, data, TinyTraining.Options(epochs: 4));
        model.LastTransformer.SaveAsSafetensors(folder.Path);
        return TinyTraining.Scores(model.Transform(data));
    }

    private static VisionTransformerTrainer.Options Options(TemporaryFolder folder, float rate, int epochs = 1)
    {
        var options = TinyTraining.Options(epochs);
        (options.Arch, options.PretrainedModel, options.Strategy, options.InitializeHeadByProbe) = (null, folder.Path, TrainingStrategy.FineTune, false);
        (options.LearningRate, options.MinimumLearningRate, options.WarmupEpochs, options.WeightDecay) = (rate, 0, 0, 0);
        return options;
    }

    private static void AssertSame(float[][] expected, float[][] actual, double tolerance)
    {
        Assert.HasCount(expected.Length, actual);
        for (int row = 0; row < expected.Length; row++)
        {
            for (int i = 0; i < expected[row].Length; i++)
                Assert.AreEqual(expected[row][i], actual[row][i], tolerance, $"row {row}, class {i}");
        }
    }
}
