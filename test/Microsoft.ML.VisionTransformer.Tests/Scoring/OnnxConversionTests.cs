// ConvertToOnnx: the transformer's part of a pipeline's graph gives the same results as the transformer.
using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Microsoft.ML.VisionTransformer.Onnx.Format;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring;

[TestClass]
public sealed class OnnxConversionTests : IDisposable
{
    private readonly MLContext _context = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void TheGraphGivesScoresAndKeys(bool interleaved)
    {
        var rows = _context.Data.LoadFromEnumerable(Rows(), SchemaOf(interleaved));
        using var model = Train(rows);
        var view = (ITransformCanSaveOnnx)model.Transform(rows);
        var graph = new RecordedOnnxContext();
        graph.AddInput("Pixels", "batch", 768);

        Assert.IsTrue(view.CanSaveOnnx(graph));
        Assert.AreSame(rows, view.Source);
        view.SaveAsOnnx(graph);

        string path = _folder.File("pipeline.onnx");
        graph.Write(path, ("Score", OnnxType.Float32, ["batch", 3]), ("PredictedLabel", OnnxType.UInt32, ["batch", 1]));
        using var session = new InferenceSession(path);
        float[] pixels = [.. Rows().SelectMany(r => r.Pixels)];
        using var results = session.Run([NamedOnnxValue.CreateFromTensor("Pixels", new DenseTensor<float>(pixels, [9, 768]))]);
        float[][] expected = TinyTraining.Scores(view);
        float[] scores = results[0].AsTensor<float>().ToArray();
        for (int i = 0; i < scores.Length; i++)
            Assert.AreEqual(expected[i / 3][i % 3], scores[i], 1e-5);
        CollectionAssert.AreEqual(view.GetColumn<uint>("PredictedLabel").ToArray(), results[1].AsTensor<uint>().ToArray());
    }

    [TestMethod]
    public void ImagesThatAreNoPixelsCannotBePartOfAGraph()
    {
        var data = TinyTraining.Data(_context);
        using var model = TinyTraining.Train(_context, data);

        var view = (ITransformCanSaveOnnx)model.LastTransformer.Transform(data);

        Assert.IsFalse(view.CanSaveOnnx(new RecordedOnnxContext()));
    }

    [TestMethod]
    public void PixelsThatTheGraphDoesNotHaveAreNamed()
    {
        var rows = _context.Data.LoadFromEnumerable(Rows());
        using var model = Train(rows);
        var view = (ITransformCanSaveOnnx)model.Transform(rows);

        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => view.SaveAsOnnx(new RecordedOnnxContext())).Message, "'Pixels'");
    }

    private VisionTransformerPredictionTransformer Train(IDataView rows)
    {
        var options = TinyTraining.Options();
        options.FeatureColumnName = "Pixels";
        options.ValidationSetFraction = null;
        return _context.MulticlassClassification.Trainers.VisionTransformer(options).Fit(rows);
    }

    private static PixelRow[] Rows() =>
        [.. Enumerable.Range(0, 9).Select(i => new PixelRow { Label = (uint)(i % 3), Pixels = [.. Enumerable.Range(0, 768).Select(p => MathF.Sin(p * (i + 1)))] })];

    private static SchemaDefinition SchemaOf(bool interleaved)
    {
        var schema = SchemaDefinition.Create(typeof(PixelRow));
        schema["Pixels"].ColumnType = interleaved
            ? new VectorDataViewType(NumberDataViewType.Single, 16, 16, 3)
            : new VectorDataViewType(NumberDataViewType.Single, 3, 16, 16);
        return schema;
    }

    private sealed class PixelRow
    {
        [KeyType(3)]
        public uint Label { get; set; }

        [VectorType(3, 16, 16)]
        public float[] Pixels { get; set; } = [];
    }
}
