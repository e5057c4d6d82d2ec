// The output columns have the annotations that ML.NET's evaluators and transforms need.
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Columns;

[TestClass]
public sealed class ScoreColumnsTests
{
    private static MLContext _context = null!;
    private static TransformerChain<VisionTransformerPredictionTransformer> _model = null!;
    private static IDataView _scored = null!;

    [ClassInitialize]
    public static void TrainOnce(TestContext _)
    {
        _context = new MLContext(seed: 1);
        _model = TinyTraining.Train(_context, TinyTraining.Data(_context));
        _scored = _model.Transform(TinyTraining.Data(_context));
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    public void TypesAndAnnotationsAreThoseOfAStockTrainer()
    {
        var stock = StockColumns();
        foreach (string name in new[] { "PredictedLabel", "Score" })
        {
            var (ours, theirs) = (_scored.Schema[name], stock[name]);
            Assert.AreEqual(theirs.Type, ours.Type, name);
            var found = ours.Annotations.Schema.ToDictionary(a => a.Name, a => a.Type.ToString());
            foreach (var annotation in theirs.Annotations.Schema)
                Assert.AreEqual(annotation.Type.ToString(), found.GetValueOrDefault(annotation.Name), $"{name}: {annotation.Name}");
        }
    }

    [TestMethod]
    public void SlotNamesAreTheClasses()
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        _scored.Schema["Score"].GetSlotNames(ref names);

        CollectionAssert.AreEqual(ColoredSamples.Classes, names.DenseValues().Select(n => n.ToString()).ToArray());
        CollectionAssert.AreEqual(ColoredSamples.Classes, _model.LastTransformer.ClassNames.ToArray());
    }

    [TestMethod]
    public void EvaluateKnowsTheClasses()
    {
        var metrics = _context.MulticlassClassification.Evaluate(_scored, topKPredictionCount: 2);

        Assert.AreEqual(3, metrics.ConfusionMatrix.NumberOfClasses);
        Assert.Contains("green", metrics.ConfusionMatrix.GetFormattedConfusionTable());
        Assert.IsLessThanOrEqualTo(metrics.TopKAccuracyForAllK[1], metrics.MicroAccuracy);
        Assert.IsTrue(double.IsFinite(metrics.LogLoss));
    }

    [TestMethod]
    public void MapKeyToValueGivesTheLabelBack()
    {
        var values = _context.Transforms.Conversion.MapKeyToValue("PredictedLabel").Fit(_scored).Transform(_scored);

        CollectionAssert.IsSubsetOf(values.GetColumn<string>("PredictedLabel").Distinct().ToArray(), ColoredSamples.Classes);
    }

    [TestMethod]
    public void TheShapeKnownBeforeFittingMatchesTheFittedSchema()
    {
        // A chain asks each estimator for its shape before it fits the next: MapKeyToValue fails there if the key values are not announced.
        var pipeline = TinyTraining.Pipeline(_context)
            .Append(_context.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
            .Append(_context.Transforms.Concatenate("Both", "Score", "Score"));

        using var model = pipeline.Fit(TinyTraining.Data(_context, perClass: 2));

        Assert.AreEqual(6, ((VectorDataViewType)model.Transform(TinyTraining.Data(_context)).Schema["Both"].Type).Size);
    }

    [TestMethod]
    public void OtherColumnNamesAreUsed()
    {
        var options = TinyTraining.Options();
        (options.ScoreColumnName, options.PredictedLabelColumnName) = ("P", "Guess");
        using var model = TinyTraining.Train(_context, TinyTraining.Data(_context, perClass: 2), options);

        var scored = model.Transform(TinyTraining.Data(_context));

        Assert.IsTrue(double.IsFinite(_context.MulticlassClassification.Evaluate(scored, scoreColumnName: "P", predictedLabelColumnName: "Guess").LogLoss));
    }

    [TestMethod]
    [DataRow("int")]
    [DataRow("float")]
    [DataRow("bool")]
    public void LabelsThatAreNoTextComeBackAsTheyWere(string kind)
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 1);
        var samples = ColoredSamples.Make(4);
        IDataView data = kind switch
        {
            "int" => context.Data.LoadFromEnumerable(samples.Select(s => new Labeled<int> { Image = s.Image, Label = s.Label.Length * 10 })),
            "float" => context.Data.LoadFromEnumerable(samples.Select(s => new Labeled<float> { Image = s.Image, Label = s.Label.Length / 7f })),
            _ => context.Data.LoadFromEnumerable(samples.Select(s => new Labeled<bool> { Image = s.Image, Label = s.Label == "red" })),
        };
        using var model = TinyTraining.Pipeline(context).Append(context.Transforms.Conversion.MapKeyToValue("PredictedLabel")).Fit(data);

        var loaded = new MLContext().Model.Load(TinyTraining.SavedModel(folder, context, model, data.Schema), out _);

        var scored = loaded.Transform(data);
        var (found, given) = kind switch
        {
            "int" => (Texts<int>(scored, "PredictedLabel"), Texts<int>(data, "Label")),
            "float" => (Texts<float>(scored, "PredictedLabel"), Texts<float>(data, "Label")),
            _ => (Texts<bool>(scored, "PredictedLabel"), Texts<bool>(data, "Label")),
        };
        CollectionAssert.IsSubsetOf(found, given);
        (loaded as IDisposable)!.Dispose();
    }

    private static string[] Texts<T>(IDataView data, string column) => [.. data.GetColumn<T>(column).Select(v => v!.ToString()!).Distinct()];

    private static DataViewSchema StockColumns()
    {
        var rows = _context.Data.LoadFromEnumerable(ColoredSamples.Make(4).Select(s => new StockRow { Label = s.Label, Features = [s.Label.Length, s.Number % 7] }));
        var pipeline = _context.Transforms.Conversion.MapValueToKey("Label")
            .Append(_context.MulticlassClassification.Trainers.SdcaMaximumEntropy(new SdcaMaximumEntropyMulticlassTrainer.Options { MaximumNumberOfIterations = 1, NumberOfThreads = 1 }));
        return pipeline.Fit(rows).Transform(rows).Schema;
    }

    private sealed class StockRow
    {
        public string Label { get; set; } = "";

        [VectorType(2)]
        public float[] Features { get; set; } = [];
    }

    private sealed class Labeled<T>
    {
        public byte[] Image { get; set; } = [];

        public T Label { get; set; } = default!;
    }
}
