// Training from a user's point of view: columns in, a model out.
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Training;

[TestClass]
public sealed class VisionTransformerTrainerTests
{
    [TestMethod]
    public void LearnsColorsAndScoresHeldOutImages()
    {
        var context = new MLContext(seed: 1);
        using var model = TinyTraining.Train(context, TinyTraining.Data(context, perClass: 20), TinyTraining.Options(epochs: 8));

        var metrics = context.MulticlassClassification.Evaluate(model.Transform(TinyTraining.Data(context, perClass: 20, seed: 99)));

        Assert.IsGreaterThan(0.95, metrics.MicroAccuracy);
        Assert.AreEqual(3, metrics.ConfusionMatrix.NumberOfClasses);
    }

    [TestMethod]
    public void TheShortFormHasTheParametersOfImageClassification()
    {
        var context = new MLContext(seed: 1);

        var trainer = context.MulticlassClassification.Trainers.VisionTransformer("L", "F", "S", "P", null);

        var shape = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => trainer.GetOutputSchema(SchemaOf(context)));
        Assert.Contains("'F'", shape.Message);
    }

    [TestMethod]
    public void EachColumnTypeTrainsAndScoresAlike()
    {
        using var folder = new TemporaryFolder();
        ColoredSamples.WriteTo(folder.Path, perClass: 6);
        var context = new MLContext(seed: 1);
        var files = context.Data.LoadImagesFromFolder(folder.Path);
        var options = TinyTraining.Options(epochs: 2);
        // An exact square crop of nothing: the stock ResizeImages and ours then see the same image.
        options.RandomCropMinimumArea = 1;
        options.ValidationSetFraction = null;
        var estimators = new Dictionary<string, IEstimator<ITransformer>>
        {
            ["bytes"] = context.Transforms.LoadRawImageBytes("Image", null, "ImagePath"),
            ["path"] = context.Transforms.CopyColumns("Image", "ImagePath"),
            ["MLImage"] = context.Transforms.LoadImages("Image", null, "ImagePath"),
        };

        var scores = estimators.ToDictionary(e => e.Key, e =>
        {
            var data = e.Value.Fit(files).Transform(files);
            using var model = TinyTraining.Train(new MLContext(seed: 1), data, options);
            return TinyTraining.Scores(model.Transform(data)).SelectMany(s => s).ToArray();
        });

        CollectionAssert.AreEqual(scores["bytes"], scores["path"]);
        CollectionAssert.AreEqual(scores["bytes"], scores["MLImage"]);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void PixelsMadeByStockTransformsTrainAndScore(bool interleaved)
    {
        using var folder = new TemporaryFolder();
        ColoredSamples.WriteTo(folder.Path, perClass: 16);
        var context = new MLContext(seed: 1);
        var files = context.Data.LoadImagesFromFolder(folder.Path);
        var pixels = context.Transforms.LoadImages("Loaded", null, "ImagePath")
            .Append(context.Transforms.ResizeImages("Resized", 16, 16, "Loaded"))
            .Append(context.Transforms.ExtractPixels("Image", "Resized", interleavePixelColors: interleaved, offsetImage: 127.5f, scaleImage: 1 / 127.5f));

        using var model = pixels.Append(TinyTraining.Pipeline(context, TinyTraining.Options(epochs: 8))).Fit(files);

        Assert.IsGreaterThan(0.9, context.MulticlassClassification.Evaluate(model.Transform(files)).MicroAccuracy);
    }

    [TestMethod]
    public void UnscaledPixelsAreWarnedAbout()
    {
        using var folder = new TemporaryFolder();
        ColoredSamples.WriteTo(folder.Path, perClass: 3);
        var context = new MLContext(seed: 1);
        var log = new List<string>();
        context.Log += (_, e) => log.Add(e.Message);
        var files = context.Data.LoadImagesFromFolder(folder.Path);
        var pixels = context.Transforms.LoadImages("Loaded", null, "ImagePath")
            .Append(context.Transforms.ResizeImages("Resized", 16, 16, "Loaded"))
            .Append(context.Transforms.ExtractPixels("Image", "Resized"));

        using var model = pixels.Append(TinyTraining.Pipeline(context)).Fit(files);

        Assert.Contains(m => m.Contains("scaleImage", StringComparison.Ordinal), log);
    }

    [TestMethod]
    public void TheClassCountIsThatOfTheKeyTypeEvenIfNoRowHasTheClass()
    {
        var context = new MLContext(seed: 1);
        var data = TinyTraining.Data(context);
        var keys = context.Data.LoadFromEnumerable(ColoredSamples.Classes.Prepend("violet").Select(c => new KeyRow { Value = c }));
        var mapped = context.Transforms.Conversion.MapValueToKey("Label", keyData: keys).Fit(data).Transform(data);

        using var model = context.MulticlassClassification.Trainers.VisionTransformer(TinyTraining.Options()).Fit(mapped);

        CollectionAssert.AreEqual(new[] { "violet", "blue", "green", "red" }, model.ClassNames.ToArray());
        Assert.AreEqual(4, model.Architecture.Classes);
        Assert.AreEqual(4, TinyTraining.Scores(model.Transform(mapped))[0].Length);
    }

    [TestMethod]
    public void RowsWithoutLabelAreLeftOutAndCounted()
    {
        var context = new MLContext(seed: 1);
        var data = TinyTraining.Data(context, perClass: 4);
        var keys = context.Data.LoadFromEnumerable(new[] { "blue", "red" }.Select(c => new KeyRow { Value = c }));
        var mapped = context.Transforms.Conversion.MapValueToKey("Label", keyData: keys).Fit(data).Transform(data);
        var options = TinyTraining.Options();
        options.ValidationSetFraction = null;

        using var model = context.MulticlassClassification.Trainers.VisionTransformer(options).Fit(mapped);

        Assert.AreEqual(4, model.TrainingHistory!.RowsWithoutLabel);
        Assert.AreEqual(8, model.TrainingHistory.TrainingRows);
    }

    [TestMethod]
    public void WithoutAnyLabelThereIsNothingToTrainOn()
    {
        var context = new MLContext(seed: 1);
        var data = TinyTraining.Data(context, perClass: 2);
        var keys = context.Data.LoadFromEnumerable([new KeyRow { Value = "violet" }]);
        var mapped = context.Transforms.Conversion.MapValueToKey("Label", keyData: keys).Fit(data).Transform(data);

        var error = Assert.ThrowsExactly<InvalidDataException>(() => context.MulticlassClassification.Trainers.VisionTransformer(TinyTraining.Options()).Fit(mapped));

        Assert.Contains("none of the 6 rows has a label", error.Message);
    }

    [TestMethod]
    public void ATextLabelIsRefusedWithTheTransformThatHelps()
    {
        var context = new MLContext(seed: 1);
        var trainer = context.MulticlassClassification.Trainers.VisionTransformer(TinyTraining.Options());

        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => trainer.Fit(TinyTraining.Data(context)));

        Assert.Contains("MapValueToKey(\"Label\")", error.Message);
    }

    [TestMethod]
    public void AnImageThatCannotBeReadIsNamedByItsRow()
    {
        var context = new MLContext(seed: 1);
        var images = ColoredSamples.Make(3);
        images[4].Image = images[4].Image[..40];
        var data = context.Data.LoadFromEnumerable(images);

        var error = Assert.ThrowsExactly<InvalidImageException>(() => TinyTraining.Train(context, data));

        Assert.Contains("row 4 of column 'Image'", error.Message);
    }

    [TestMethod]
    public void AWeightOfZeroIsAsIfTheRowTaughtNothing()
    {
        // Half of the rows are labeled wrongly and weigh nothing.
        var context = new MLContext(seed: 1);
        var rows = ColoredSamples.Make(16).Select((p, i) => new WeightedImage { Image = p.Image, Label = p.Label, Weight = 1 })
            .Concat(ColoredSamples.Make(16, seed: 8).Select(p => new WeightedImage { Image = p.Image, Label = "blue", Weight = 0 }));
        var options = TinyTraining.Options(epochs: 8);
        options.ExampleWeightColumnName = "Weight";
        options.ValidationSetFraction = 0;

        using var model = TinyTraining.Train(context, context.Data.LoadFromEnumerable(rows), options);

        Assert.IsGreaterThan(0.95, context.MulticlassClassification.Evaluate(model.Transform(TinyTraining.Data(context, seed: 99))).MicroAccuracy);
    }

    [TestMethod]
    [DataRow(-1f)]
    [DataRow(float.NaN)]
    public void AnImpossibleWeightIsNamedByItsRow(float weight)
    {
        var context = new MLContext(seed: 1);
        var rows = ColoredSamples.Make(2).Select((p, i) => new WeightedImage { Image = p.Image, Label = p.Label, Weight = i == 3 ? weight : 1 });
        var options = TinyTraining.Options();
        options.ExampleWeightColumnName = "Weight";

        var error = Assert.ThrowsExactly<InvalidDataException>(() => TinyTraining.Train(context, context.Data.LoadFromEnumerable(rows), options));

        Assert.Contains("row 3 of column 'Weight'", error.Message);
    }

    [TestMethod]
    public void CrossValidationWorks()
    {
        var context = new MLContext(seed: 1);

        var folds = context.MulticlassClassification.CrossValidate(TinyTraining.Data(context, perClass: 12), TinyTraining.Pipeline(context, TinyTraining.Options(epochs: 6)), numberOfFolds: 2);

        foreach (var fold in folds)
        {
            Assert.IsGreaterThan(0.8, fold.Metrics.MicroAccuracy);
            (fold.Model as IDisposable)!.Dispose();
        }
    }

    private static SchemaShape SchemaOf(MLContext context) =>
        context.Transforms.Conversion.MapValueToKey("Label").GetOutputSchema(new SchemaShapeSource(context).Shape);

    private sealed class SchemaShapeSource(MLContext context)
    {
        internal SchemaShape Shape { get; } = Capture(context);

        /// <summary>ML.NET makes shapes for its own use only; an estimator that a chain asks for its output is shown one.</summary>
        private static SchemaShape Capture(MLContext context)
        {
            var probe = new Probe();
            probe.Append(context.Transforms.CopyColumns("Copy", "Label")).Fit(TinyTraining.Data(context, perClass: 1));
            return probe.Seen!;
        }
    }

    private sealed class Probe : IEstimator<ITransformer>
    {
        internal SchemaShape? Seen { get; private set; }

        public ITransformer Fit(IDataView input) => new MLContext().Transforms.CopyColumns("Copy2", "Label").Fit(input);

        public SchemaShape GetOutputSchema(SchemaShape inputSchema) => Seen = inputSchema;
    }

    private sealed class KeyRow
    {
        public string Value { get; set; } = "";
    }

    private sealed class WeightedImage
    {
        public byte[] Image { get; set; } = [];

        public string Label { get; set; } = "";

        public float Weight { get; set; }
    }
}
