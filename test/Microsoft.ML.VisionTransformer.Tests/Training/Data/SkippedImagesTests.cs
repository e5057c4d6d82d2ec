// Training data with images that cannot be read.
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Training.Data;

[TestClass]
public sealed class SkippedImagesTests
{
    [TestMethod]
    public void TrainingGoesOnAsIfTheSkippedRowsHadNeverBeenThere()
    {
        var context = new MLContext(seed: 3);
        var without = ColoredSamples.Make(8);
        ColoredSample[] with = [Broken(), .. without[..10], Broken(), Broken(), .. without[10..]];
        var test = TinyTraining.Data(context, seed: 9);

        using var expected = TinyTraining.Train(new MLContext(seed: 3), context.Data.LoadFromEnumerable(without));
        using var found = TinyTraining.Train(new MLContext(seed: 3), context.Data.LoadFromEnumerable(with), Skipping());

        float[][] scores = TinyTraining.Scores(found.Transform(test));
        var expectedScores = TinyTraining.Scores(expected.Transform(test));
        for (int i = 0; i < scores.Length; i++)
            CollectionAssert.AreEqual(expectedScores[i], scores[i]);
        var history = found.LastTransformer.TrainingHistory!;
        Assert.AreEqual(3, history.RowsWithInvalidImage);
        Assert.AreEqual(expected.LastTransformer.TrainingHistory!.TrainingRows, history.TrainingRows);
        Assert.HasCount(3, history.InvalidImages);
        Assert.Contains("row 11 of column 'Image'", history.InvalidImages[1]);
    }

    [TestMethod]
    public void TheListIsCappedAndSavedWithTheModel()
    {
        var context = new MLContext(seed: 3);
        var data = context.Data.LoadFromEnumerable(ColoredSamples.Make(4).Concat(Enumerable.Range(0, 130).Select(_ => Broken())).ToArray());
        using var folder = new TemporaryFolder();
        using var model = TinyTraining.Train(context, data, Skipping());

        var loaded = (Microsoft.ML.Data.TransformerChain<ITransformer>)context.Model.Load(TinyTraining.SavedModel(folder, context, model, data.Schema), out _);

        var history = ((VisionTransformerPredictionTransformer)loaded.LastTransformer).TrainingHistory!;
        Assert.AreEqual(130, history.RowsWithInvalidImage);
        Assert.HasCount(100, history.InvalidImages);
        loaded.Dispose();
    }

    [TestMethod]
    public void SkippedRowsOfAValidationSetAreCounted()
    {
        var context = new MLContext(seed: 1);
        var data = TinyTraining.Data(context, perClass: 4);
        var map = context.Transforms.Conversion.MapValueToKey("Label").Fit(data);
        var options = Skipping();
        options.ValidationSet = map.Transform(context.Data.LoadFromEnumerable(ColoredSamples.Make(2, seed: 9).Append(Broken()).ToArray()));

        using var model = context.MulticlassClassification.Trainers.VisionTransformer(options).Fit(map.Transform(data));

        Assert.AreEqual((1, 6), (model.TrainingHistory!.RowsWithInvalidImage, model.TrainingHistory.ValidationRows));
    }

    [TestMethod]
    public void WithoutAnyImageThereIsNothingToTrainOn()
    {
        var context = new MLContext(seed: 1);
        var data = context.Data.LoadFromEnumerable([Broken(), Broken()]);

        var error = Assert.ThrowsExactly<InvalidDataException>(() => TinyTraining.Train(context, data, Skipping()));

        Assert.Contains("2 images could not be read", error.Message);
        Assert.Contains("row 0", error.Message);
    }

    [TestMethod]
    public void APathThatIsNotThereIsSkippedToo()
    {
        using var folder = new TemporaryFolder();
        ColoredSamples.WriteTo(folder.Path, perClass: 4);
        var context = new MLContext(seed: 1);
        var images = context.Data.LoadImagesFromFolder(folder.Path);
        File.Delete(folder.File("red", "005.png"));
        var options = Skipping();
        options.FeatureColumnName = "ImagePath";

        using var model = TinyTraining.Train(context, images, options);

        Assert.Contains("005.png", model.LastTransformer.TrainingHistory!.InvalidImages.Single());
    }

    [TestMethod]
    public void TheModelThrowsUnlessItIsToldOtherwise()
    {
        var context = new MLContext(seed: 1);
        using var model = TinyTraining.Train(context, TinyTraining.Data(context), Skipping());
        Assert.AreEqual(InvalidImageHandling.Throw, model.LastTransformer.OnInvalidImage);
        Assert.ThrowsExactly<InvalidImageException>(() => TinyTraining.Scores(model.Transform(context.Data.LoadFromEnumerable([Broken()]))));
    }

    private static VisionTransformerTrainer.Options Skipping()
    {
        var options = TinyTraining.Options();
        options.OnInvalidImage = InvalidImageHandling.Skip;
        return options;
    }

    private static ColoredSample Broken() => new() { Image = [1, 2, 3], Label = ColoredSamples.Classes[0] };
}
