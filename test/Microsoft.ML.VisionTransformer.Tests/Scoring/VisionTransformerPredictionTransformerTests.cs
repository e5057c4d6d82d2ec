// Scoring in lazy batches, by single rows and on many threads gives the same values; and disposal.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring;

[TestClass]
public sealed class VisionTransformerPredictionTransformerTests
{
    private static MLContext _context = null!;
    private static TransformerChain<VisionTransformerPredictionTransformer> _model = null!;

    [ClassInitialize]
    public static void TrainOnce(TestContext _)
    {
        _context = new MLContext(seed: 1);
        _model = TinyTraining.Train(_context, TinyTraining.Data(_context, perClass: 12), TinyTraining.Options(epochs: 4));
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    public void ScoresAreProbabilitiesAndTheLabelIsTheLargest()
    {
        var scored = _model.Transform(TinyTraining.Data(_context));
        uint[] labels = [.. scored.GetColumn<uint>("PredictedLabel")];
        float[][] scores = TinyTraining.Scores(scored);

        for (int i = 0; i < scores.Length; i++)
        {
            Assert.AreEqual(1, scores[i].Sum(), 1e-6);
            Assert.AreEqual(scores[i].Max(), scores[i][labels[i] - 1]);
        }
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(15)]
    [DataRow(16)]
    [DataRow(17)]
    [DataRow(50)]
    public void AnyNumberOfRowsIsScoredInOrder(int rows)
    {
        var samples = ColoredSamples.Make(20).Take(rows).ToArray();
        var scored = _model.Transform(_context.Data.LoadFromEnumerable(samples));

        var predictions = _context.Data.CreateEnumerable<NumberedPrediction>(scored, reuseRowObject: false).ToArray();

        CollectionAssert.AreEqual(samples.Select(s => s.Number).ToArray(), predictions.Select(p => p.Number).ToArray());
        using var engine = Engine();
        for (int i = 0; i < rows; i++)
            AssertClose(engine.Predict(samples[i]).Score, predictions[i].Score);
    }

    [TestMethod]
    public void TheNumberOfImagesScoredTogetherChangesNoScore()
    {
        var data = TinyTraining.Data(_context);
        float[][] expected = TinyTraining.Scores(_model.Transform(data));
        int usual = _model.LastTransformer.ScoringBatchSize;
        try
        {
            foreach (int size in new[] { 1, 3, 100 })
            {
                _model.LastTransformer.ScoringBatchSize = size;
                float[][] scores = TinyTraining.Scores(_model.Transform(data));
                for (int i = 0; i < expected.Length; i++)
                {
                    for (int slot = 0; slot < expected[i].Length; slot++)
                        Assert.AreEqual(expected[i][slot], scores[i][slot], 1e-6, $"row {i}, {size} at a time");
                }
            }

            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _model.LastTransformer.ScoringBatchSize = 0);
        }
        finally
        {
            _model.LastTransformer.ScoringBatchSize = usual;
        }
    }

    [TestMethod]
    public void NoRowsGiveNoScores() =>
        Assert.IsEmpty(TinyTraining.Scores(_model.Transform(_context.Data.LoadFromEnumerable(Array.Empty<ColoredSample>()))));

    [TestMethod]
    public void TransformReadsNothingUntilScoresAreAskedFor()
    {
        int read = 0;
        var data = _context.Data.LoadFromEnumerable(Counted());

        var scored = _model.Transform(data);
        Assert.AreEqual(0, read);
        int[] values = [.. scored.GetColumn<int>("Number")];
        Assert.HasCount(6, values);
        Assert.AreEqual(6, read, "the other columns cost one pass");
        TinyTraining.Scores(scored);
        Assert.AreEqual(18, read, "scores cost one pass for the rows and one ahead of it for the images");

        IEnumerable<ColoredSample> Counted()
        {
            foreach (var sample in ColoredSamples.Make(2))
            {
                read++;
                yield return sample;
            }
        }
    }

    [TestMethod]
    public void ACursorThatStopsHalfwayLeavesNothingBehind()
    {
        var scored = _model.Transform(TinyTraining.Data(_context, perClass: 40));
        LiveTensors.AssertSameAfter(() =>
        {
            using var cursor = scored.GetRowCursor([scored.Schema["Score"]]);
            var getter = cursor.GetGetter<VBuffer<float>>(scored.Schema["Score"]);
            VBuffer<float> score = default;
            Assert.IsTrue(cursor.MoveNext());
            getter(ref score);
            Assert.AreEqual(3, score.Length);
        });
    }

    [TestMethod]
    public void AnImageThatCannotBeReadIsNamedByItsRow()
    {
        var samples = ColoredSamples.Make(2);
        samples[3].Image = [1, 2, 3];
        var scored = _model.Transform(_context.Data.LoadFromEnumerable(samples));

        var error = Assert.ThrowsExactly<InvalidImageException>(() => TinyTraining.Scores(scored));

        Assert.Contains("row 3 of column 'Image'", error.Message);
    }

    [TestMethod]
    public void AnEngineForgetsTheRowBeforeOneThatFails()
    {
        var samples = ColoredSamples.Make(1);
        using var engine = Engine();
        float[] expected = engine.Predict(samples[0]).Score;

        Assert.ThrowsExactly<InvalidImageException>(() => engine.Predict(new ColoredSample { Image = [1, 2, 3] }));
        Assert.ThrowsExactly<InvalidImageException>(() => engine.Predict(new ColoredSample()));

        CollectionAssert.AreEqual(expected, engine.Predict(samples[0]).Score);
    }

    [TestMethod]
    public void EightThreadsGetTheSameAnswers()
    {
        var samples = ColoredSamples.Make(8);
        float[][] expected = Predict();
        float[][] batched = TinyTraining.Scores(_model.Transform(_context.Data.LoadFromEnumerable(samples)));
        var found = new float[8][][];

        var threads = Enumerable.Range(0, 8).Select(t => new Thread(() => found[t] = t % 2 == 0
            ? Predict()
            : TinyTraining.Scores(_model.Transform(_context.Data.LoadFromEnumerable(samples))))).ToArray();
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());

        for (int t = 0; t < 8; t++)
        {
            for (int i = 0; i < samples.Length; i++)
                CollectionAssert.AreEqual((t % 2 == 0 ? expected : batched)[i], found[t][i]);
        }

        float[][] Predict()
        {
            using var engine = Engine();
            return [.. samples.Select(s => engine.Predict(s).Score)];
        }
    }

    [TestMethod]
    public void ADisposedModelSaysSo()
    {
        var context = new MLContext(seed: 1);
        var data = TinyTraining.Data(context);
        var model = TinyTraining.Train(context, data);
        var scored = model.Transform(data);
        var engine = context.Model.CreatePredictionEngine<ColoredSample, Prediction>(model);
        using var folder = new TemporaryFolder();
        model.Dispose();
        model.Dispose();

        string[] messages =
        [
            Assert.ThrowsExactly<ObjectDisposedException>(() => TinyTraining.Scores(scored)).Message,
            Assert.ThrowsExactly<ObjectDisposedException>(() => model.Transform(data)).Message,
            Assert.ThrowsExactly<ObjectDisposedException>(() => engine.Predict(ColoredSamples.Make(1)[0])).Message,
            Assert.ThrowsExactly<ObjectDisposedException>(() => TinyTraining.SavedModel(folder, context, model, data.Schema)).Message,
        ];

        Assert.Contains("was disposed", string.Join(' ', messages.Distinct()));
        Assert.HasCount(3, model.LastTransformer.ClassNames, "what is not native stays readable");
    }

    [TestMethod]
    public void DisposingWaitsForThoseWhoScore()
    {
        var context = new MLContext(seed: 1);
        var data = TinyTraining.Data(context, perClass: 60);
        var model = TinyTraining.Train(context, TinyTraining.Data(context));
        var scored = model.Transform(data);
        Exception? seen = null;
        int rows = 0;
        var scoring = new Thread(() =>
        {
            try
            {
                foreach (var _ in scored.GetColumn<float[]>("Score"))
                    rows++;
            }
            catch (ObjectDisposedException e)
            {
                seen = e;
            }
        });

        scoring.Start();
        SpinWait.SpinUntil(() => Volatile.Read(ref rows) > 0, TimeSpan.FromSeconds(20));
        model.Dispose();
        scoring.Join();

        Assert.IsTrue(seen is not null || rows == 180, "scoring ended by itself or with a clear error, and the process lives");
    }

    [TestMethod]
    public void AMissingOrWrongImageColumnIsNamed()
    {
        var other = _context.Data.LoadFromEnumerable([new OtherRow { Label = "red" }]);
        var wrong = _context.Data.LoadFromEnumerable([new WrongRow { Label = "red", Image = 5 }]);

        Assert.Contains("'Image'", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _model.LastTransformer.Transform(other)).Message);
        Assert.Contains("got Int32", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _model.LastTransformer.Transform(wrong)).Message);
    }

    private static PredictionEngine<ColoredSample, Prediction> Engine() =>
        _context.Model.CreatePredictionEngine<ColoredSample, Prediction>(_model, new PredictionEngineOptions { OwnsTransformer = false });

    private static void AssertClose(float[] expected, float[] found)
    {
        Assert.HasCount(expected.Length, found);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], found[i], 1e-5f);
    }

    private sealed class NumberedPrediction
    {
        public int Number { get; set; }

        public float[] Score { get; set; } = [];
    }

    private sealed class OtherRow
    {
        public string Label { get; set; } = "";
    }

    private sealed class WrongRow
    {
        public string Label { get; set; } = "";

        public int Image { get; set; }
    }
}
