// The caller's images are never disposed, even after ResizeImages, and a disposed image is an invalid image of its row.
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Input;

[TestClass]
public sealed class CallersImagesTests
{
    private const int Side = 16, Rows = 12, BadRow = 7;

    private readonly MLContext _context = new(seed: 1);

    /// <summary>ResizeImages returns the original image if it already has the right size, and a resized copy otherwise.</summary>
    [TestMethod]
    [DataRow(Side)]
    [DataRow(Side + 5)]
    public void BehindResizeImages_TrainingScoringAndEngineLeaveThemAsTheyAre(int otherSide)
    {
        Row[] rows = Make(i => i % 3 == 0 ? otherSide : Side);
        var data = _context.Data.LoadFromEnumerable(rows);
        using var model = Pipeline(resizes: true).Fit(data);
        float[][] first = TinyTraining.Scores(model.Transform(data)), second = TinyTraining.Scores(model.Transform(data));
        using var engine = _context.Model.CreatePredictionEngine<Row, Prediction>(model, new PredictionEngineOptions { OwnsTransformer = false });

        for (int i = 0; i < Rows; i++)
        {
            CollectionAssert.AreEqual(first[i], second[i]);
            float[] single = engine.Predict(rows[i]).Score;
            for (int c = 0; c < single.Length; c++)
                Assert.AreEqual(first[i][c], single[c], 1e-5, $"row {i}");
        }

        CollectionAssert.AreEqual(Make(i => i % 3 == 0 ? otherSide : Side).SelectMany(Pixels).ToArray(), rows.SelectMany(Pixels).ToArray());
    }

    [TestMethod]
    public void ImagesOfTheRightSize_TrainTheSameModelWithAndWithoutResizeImages()
    {
        float[][] scores = Scores(resizes: false);

        float[][] behind = Scores(resizes: true);

        for (int i = 0; i < Rows; i++)
            CollectionAssert.AreEqual(scores[i], behind[i]);

        float[][] Scores(bool resizes)
        {
            var data = new MLContext(seed: 1).Data.LoadFromEnumerable(Make(_ => Side));
            using var model = Pipeline(resizes, new MLContext(seed: 1)).Fit(data);
            return TinyTraining.Scores(model.Transform(data));
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void ADisposedImage_IsAnInvalidImageOfItsRow(bool resizes)
    {
        Row[] rows = Make(_ => Side);
        var data = _context.Data.LoadFromEnumerable(rows);
        using var model = Pipeline(resizes).Fit(data);
        using var engine = _context.Model.CreatePredictionEngine<Row, Prediction>(model, new PredictionEngineOptions { OwnsTransformer = false });
        rows[BadRow].Image.Dispose();

        AssertNamesIt(Assert.ThrowsExactly<InvalidImageException>(() => Pipeline(resizes).Fit(data)), BadRow);
        AssertNamesIt(Assert.ThrowsExactly<InvalidImageException>(() => TinyTraining.Scores(model.Transform(data))), BadRow);
        AssertNamesIt(Assert.ThrowsExactly<InvalidImageException>(() => engine.Predict(rows[BadRow])), 0);
        Assert.Contains("disposed", Assert.ThrowsExactly<InvalidImageException>(() => model.LastTransformer.Explain(rows[BadRow].Image)).Message);
        Assert.HasCount(3, engine.Predict(rows[0]).Score);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void ADisposedImage_IsSkippedOrMissingWhereInvalidImagesAre(bool resizes)
    {
        Row[] rows = Make(_ => Side);
        rows[BadRow].Image.Dispose();
        var data = _context.Data.LoadFromEnumerable(rows);

        using var model = Pipeline(resizes, change: o => (o.OnInvalidImage, o.OnInvalidImageInPrediction) = (InvalidImageHandling.Skip, InvalidImageHandling.Missing)).Fit(data);

        Assert.AreEqual(1, model.LastTransformer.TrainingHistory!.RowsWithInvalidImage);
        float[][] scores = TinyTraining.Scores(model.Transform(data));
        for (int i = 0; i < Rows; i++)
            Assert.AreEqual(i == BadRow, float.IsNaN(scores[i][0]), $"row {i}");
    }

    [TestMethod]
    public void AnErrorOfATransformBefore_IsNotTakenForAnInvalidImage()
    {
        var data = _context.Data.LoadFromEnumerable(Make(_ => Side));
        var failing = _context.Transforms.CustomMapping<Row, Copy>((_, _) => throw new InvalidOperationException("the user's own"), null).Fit(data).Transform(data);
        var trainer = TinyTraining.Pipeline(_context, Options("Copied", o => o.OnInvalidImage = InvalidImageHandling.Skip));

        var error = Assert.Throws<Exception>(() => trainer.Fit(failing));

        Assert.IsNotInstanceOfType<InvalidImageException>(error);
        Assert.IsNotInstanceOfType<InvalidDataException>(error);
    }

    /// <summary>64 images of 16 MiB: without occasional collections all of them would be in memory.</summary>
    [TestMethod]
    public void ImagesMadeForOneRow_AreGoneSoon()
    {
        const int Images = 64, LargeSide = 2048;
        var made = new List<WeakReference>();
        var data = _context.Data.LoadFromEnumerable(Fresh());
        var column = ImageColumn.Of(data.Schema, "Image", ImagePreprocessing.For(TinyTraining.Architecture));

        Read();

        long most = UnreleasedImages.MaxBytes / (4L * LargeSide * LargeSide) + 2;
        Assert.HasCount(Images, made);
        Assert.IsLessThanOrEqualTo(most, made.Count(image => image.IsAlive));

        void Read()
        {
            using var cursor = data.GetRowCursor([column.Column]);
            var read = column.Open(cursor);
            while (cursor.MoveNext())
                read();
        }

        IEnumerable<Row> Fresh()
        {
            byte[] pixels = new byte[4 * LargeSide * LargeSide];
            for (int i = 0; i < Images; i++)
            {
                var row = new Row { Image = MLImage.CreateFromPixels(LargeSide, LargeSide, MLPixelFormat.Rgba32, pixels) };
                made.Add(new WeakReference(row.Image));
                yield return row;
            }
        }
    }

    private static void AssertNamesIt(InvalidImageException error, int row)
    {
        Assert.Contains($"row {row} of column 'Image'", error.Message);
        Assert.Contains("disposed", error.Message);
    }

    private EstimatorChain<VisionTransformerPredictionTransformer> Pipeline(bool resizes, MLContext? context = null, Action<VisionTransformerTrainer.Options>? change = null)
    {
        context ??= _context;
        var labels = context.Transforms.Conversion.MapValueToKey("Label");
        var trainer = context.MulticlassClassification.Trainers.VisionTransformer(Options("Image", change));
        return resizes
            ? context.Transforms.ResizeImages("Image", Side, Side, resizing: ImageResizingEstimator.ResizingKind.Fill).Append(labels).Append(trainer)
            : labels.Append(trainer);
    }

    private static VisionTransformerTrainer.Options Options(string column, Action<VisionTransformerTrainer.Options>? change)
    {
        var options = TinyTraining.Options();
        (options.FeatureColumnName, options.ValidationSetFraction) = (column, null);
        change?.Invoke(options);
        return options;
    }

    private static Row[] Make(Func<int, int> side)
    {
        var random = new Random(4);
        return [.. Enumerable.Range(0, Rows).Select(i =>
        {
            byte[] pixels = new byte[side(i) * side(i) * 4];
            random.NextBytes(pixels);
            return new Row { Image = MLImage.CreateFromPixels(side(i), side(i), MLPixelFormat.Rgba32, pixels), Label = ColoredSamples.Classes[i % 3] };
        })];
    }

    private static byte[] Pixels(Row row) => row.Image.Pixels.ToArray();

    private sealed class Row
    {
        [ImageType(Side, Side)]
        public MLImage Image { get; set; } = null!;

        public string Label { get; set; } = "";
    }

    private sealed class Copy
    {
        [ImageType(Side, Side)]
        public MLImage Copied { get; set; } = null!;
    }
}
