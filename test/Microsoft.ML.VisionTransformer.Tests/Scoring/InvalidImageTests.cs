// Rows whose image cannot be read: an error, or missing values; the same in batches and row by row, and never another row's score.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring;

[TestClass]
public sealed class InvalidImageTests
{
    private static readonly byte[] _broken = [1, 2, 3];

    private static MLContext _context = null!;
    private static TransformerChain<VisionTransformerPredictionTransformer> _model = null!;

    [ClassInitialize]
    public static void TrainOnce(TestContext _)
    {
        _context = new MLContext(seed: 1);
        var options = TinyTraining.Options();
        options.OnInvalidImageInPrediction = InvalidImageHandling.Missing;
        _model = TinyTraining.Train(_context, TinyTraining.Data(_context), options);
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    public void ABrokenImageHasNoScoresAndItsNeighborsKeepTheirs()
    {
        float[][] expected = TinyTraining.Scores(_model.Transform(_context.Data.LoadFromEnumerable(ColoredSamples.Make(12))));
        var samples = ColoredSamples.Make(12);
        int[] broken = [0, 5, 6, 15, 16, 35];
        foreach (int row in broken)
            samples[row].Image = row % 2 == 0 ? _broken : [];

        var found = _context.Data.CreateEnumerable<Prediction>(_model.Transform(_context.Data.LoadFromEnumerable(samples)), reuseRowObject: false).ToArray();

        for (int row = 0; row < samples.Length; row++)
        {
            if (broken.Contains(row))
                AssertMissing(found[row]);
            else
                CollectionAssert.AreEqual(expected[row], found[row].Score, $"row {row}");
        }
    }

    [TestMethod]
    public void ABatchWithoutAnyImageIsMissing()
    {
        var samples = ColoredSamples.Make(7);
        Array.ForEach(samples, s => s.Image = _broken);
        foreach (float[] scores in TinyTraining.Scores(_model.Transform(_context.Data.LoadFromEnumerable(samples))))
            CollectionAssert.AreEqual(new[] { float.NaN, float.NaN, float.NaN }, scores);
    }

    [TestMethod]
    public void AnEngineSaysTheSame()
    {
        var samples = ColoredSamples.Make(1);
        using var engine = _context.Model.CreatePredictionEngine<ColoredSample, Prediction>(_model, new PredictionEngineOptions { OwnsTransformer = false });
        float[] expected = engine.Predict(samples[0]).Score;

        AssertMissing(engine.Predict(new ColoredSample { Image = _broken }));
        CollectionAssert.AreEqual(expected, engine.Predict(samples[0]).Score);
        AssertMissing(engine.Predict(new ColoredSample()));
    }

    [TestMethod]
    public void ASavedModelKeepsTheHandling()
    {
        using var folder = new TemporaryFolder();
        var loaded = _context.Model.Load(TinyTraining.SavedModel(folder, _context, _model, TinyTraining.Data(_context).Schema), out _);
        var data = _context.Data.LoadFromEnumerable([new ColoredSample { Image = _broken, Label = "red" }]);

        AssertMissing(_context.Data.CreateEnumerable<Prediction>(loaded.Transform(data), reuseRowObject: false).Single());
        (loaded as IDisposable)!.Dispose();
    }

    [TestMethod]
    public void TheLabelOfAMissingScoreIsEmptyText()
    {
        var data = _context.Data.LoadFromEnumerable([new ColoredSample { Image = _broken, Label = "red" }]);
        var scored = _context.Transforms.Conversion.MapKeyToValue("PredictedLabel").Fit(_model.Transform(data)).Transform(_model.Transform(data));
        Assert.AreEqual("", scored.GetColumn<string>("PredictedLabel").Single());
    }

    [TestMethod]
    public void AModelOfPixelsHasNoScoresWhereAPixelIsNoNumber()
    {
        float[] pixels = new float[3 * 16 * 16];
        var good = new PixelRow { Image = pixels };
        var bad = new PixelRow { Image = [.. pixels[1..], float.NaN] };

        float[][] scores = TinyTraining.Scores(_model.LastTransformer.Transform(_context.Data.LoadFromEnumerable([good, bad, good])));

        Assert.IsTrue(float.IsNaN(scores[1][0]));
        CollectionAssert.AreEqual(scores[0], scores[2]);
        Assert.IsFalse(float.IsNaN(scores[0][0]));
    }

    [TestMethod]
    public void APathThatIsNotThereIsAnInvalidImageOfItsRow()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("red.png"), ColoredSamples.Make(1)[2].Image);
        var paths = _context.Data.LoadFromEnumerable([new PathRow { Path = folder.File("none.png") }, new PathRow { Path = folder.File("red.png") }]);
        var asPaths = _context.Transforms.CopyColumns("Image", "Path").Fit(paths).Transform(paths);
        var asBytes = _context.Transforms.LoadRawImageBytes("Image", null, "Path").Fit(paths).Transform(paths);

        foreach (var data in new[] { asPaths, asBytes })
        {
            float[][] scores = TinyTraining.Scores(_model.LastTransformer.Transform(data));
            Assert.IsTrue(Array.TrueForAll(scores[0], float.IsNaN));
            Assert.AreEqual(1, scores[1].Sum(), 1e-6);
        }
    }

    [TestMethod]
    public void ThrowingNamesRowAndFileThatATransformCannotLoad()
    {
        using var model = TinyTraining.Train(_context, TinyTraining.Data(_context));
        var paths = _context.Data.LoadFromEnumerable([new PathRow { Path = "/nowhere/none.png" }]);
        var data = _context.Transforms.LoadRawImageBytes("Image", null, "Path").Fit(paths).Transform(paths);

        var error = Assert.ThrowsExactly<InvalidImageException>(() => TinyTraining.Scores(model.LastTransformer.Transform(data)));

        Assert.Contains("row 0 of column 'Image'", error.Message);
        Assert.Contains("/nowhere/none.png", error.Message);
    }

    [TestMethod]
    public void APretrainedModelAndItsFeaturesCanMissToo()
    {
        using var folder = new TemporaryFolder();
        _model.LastTransformer.SaveAsSafetensors(folder.Path);
        var samples = ColoredSamples.Make(1);
        samples[1].Image = _broken;
        var data = _context.Data.LoadFromEnumerable(samples);
        using var classifier = _context.Model.LoadVisionTransformer(folder.Path, options: new() { OnInvalidImage = InvalidImageHandling.Missing });
        using var embedder = _context.Transforms.VisionTransformerFeatures(
            "Features", "Image", new() { PretrainedModel = folder.Path, OnInvalidImage = InvalidImageHandling.Missing }).Fit(data);
        string zip = folder.File("features.zip");
        _context.Model.Save(embedder, data.Schema, zip);
        var loaded = _context.Model.Load(zip, out _);

        bool[] expected = [false, true, false];
        CollectionAssert.AreEqual(expected, TinyTraining.Scores(classifier.Transform(data)).Select(s => float.IsNaN(s[0])).ToArray());
        CollectionAssert.AreEqual(expected, embedder.Transform(data).GetColumn<float[]>("Features").Select(f => Array.TrueForAll(f, float.IsNaN)).ToArray());
        CollectionAssert.AreEqual(expected, loaded.Transform(data).GetColumn<float[]>("Features").Select(f => float.IsNaN(f[0])).ToArray());
        (loaded as IDisposable)!.Dispose();
    }

    [TestMethod]
    public void SkippingIsForTrainingAlone()
    {
        Assert.Contains("Skip", Assert.Throws<ArgumentException>(() => _context.Model.LoadVisionTransformer("none", options: new() { OnInvalidImage = InvalidImageHandling.Skip })).Message);
        Assert.Contains("Skip", Assert.Throws<ArgumentException>(
            () => _context.Transforms.VisionTransformerFeatures("F", "Image", new() { PretrainedModel = "none", OnInvalidImage = InvalidImageHandling.Skip })).Message);
    }

    [TestMethod]
    public void TheUsersPreprocessingReplacesTheCheckpoints()
    {
        using var folder = new TemporaryFolder();
        _model.LastTransformer.SaveAsSafetensors(folder.Path);
        var small = _model.LastTransformer.Preprocessing with { MaxPixels = 10 };

        using var model = _context.Model.LoadVisionTransformer(folder.Path, options: new() { Preprocessing = small });

        Assert.AreEqual(10, model.Preprocessing.MaxPixels);
        Assert.Contains("at most 10", Assert.ThrowsExactly<InvalidImageException>(() => TinyTraining.Scores(model.Transform(TinyTraining.Data(_context)))).Message);
        Assert.Contains("16x16", Assert.Throws<ArgumentException>(
            () => _context.Model.LoadVisionTransformer(folder.Path, options: new() { Preprocessing = small with { Size = 32 } })).Message);
    }

    [TestMethod]
    public void PreprocessingOfAnOldFileHasTheDefaults()
    {
        byte[] old = """{"Size": {"Height": 32, "Width": 32}, "CropFraction": 1, "Resizing": "Pad", "Interpolation": "Lanczos", "Mean": [0, 0, 0], "StandardDeviation": [1, 1, 1]}"""u8.ToArray();
        var expected = new ImagePreprocessing
        {
            Size = 32,
            CropFraction = 1,
            Resizing = ImageResizing.Pad,
            Interpolation = ImageInterpolation.Lanczos,
            Mean = new(0f, 0f, 0f),
            StandardDeviation = new(1f, 1f, 1f),
        };

        Assert.AreEqual(expected, ModelJson.Read<ImagePreprocessing>(old));
        Assert.AreEqual(expected with { MaxPixels = 5, AllowTruncated = true, ScaledDecoding = false }, ModelJson.Read<ImagePreprocessing>(
            ModelJson.Write(expected with { MaxPixels = 5, AllowTruncated = true, ScaledDecoding = false })));
    }

    private static void AssertMissing(Prediction prediction)
    {
        Assert.AreEqual(0u, prediction.PredictedLabel);
        CollectionAssert.AreEqual(new[] { float.NaN, float.NaN, float.NaN }, prediction.Score);
    }

    private sealed class PathRow
    {
        public string Path { get; set; } = "";
    }

    private sealed class PixelRow
    {
        [VectorType(3, 16, 16)]
        public float[] Image { get; set; } = [];
    }
}
