// Exported models in standard ML.NET pipelines: ApplyOnnxModel gives the same results as the transformer.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring;

[TestClass]
public sealed class OnnxModelTests : IDisposable
{
    private readonly MLContext _context = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void TheFileInAStockPipelineGivesTheSameLabels()
    {
        string photos = Path.Combine(_folder.Path, "photos"), path = _folder.File("model.onnx");
        ColoredSamples.WriteTo(photos, perClass: 4);
        var images = _context.Data.LoadImagesFromFolder(photos);
        var pixels = _context.Transforms.LoadImages("Loaded", imageFolder: null, "ImagePath")
            .Append(_context.Transforms.ResizeImages("Resized", 16, 16, "Loaded"))
            .Append(_context.Transforms.ExtractPixels("input", "Resized", offsetImage: 127.5f, scaleImage: 1 / 127.5f));
        var options = TinyTraining.Options(epochs: 2);
        options.FeatureColumnName = "input";
        using var chain = _context.Transforms.Conversion.MapValueToKey("Label").Append(pixels)
            .Append(_context.MulticlassClassification.Trainers.VisionTransformer(options)).Fit(images);
        var model = chain.LastTransformer;
        model.SaveAsOnnx(path, new OnnxExportOptions { BatchSize = 1 });

        var scored = pixels.Append(_context.Transforms.ApplyOnnxModel("probabilities", "input", path)).Fit(images).Transform(images);

        float[][] expected = TinyTraining.Scores(chain.Transform(images)), found = [.. scored.GetColumn<float[]>("probabilities")];
        uint[] keys = [.. chain.Transform(images).GetColumn<uint>("PredictedLabel")];
        Assert.HasCount(12, found);
        for (int i = 0; i < found.Length; i++)
        {
            Assert.AreEqual(keys[i], (uint)Array.IndexOf(found[i], found[i].Max()) + 1);
            for (int c = 0; c < found[i].Length; c++)
                Assert.AreEqual(expected[i][c], found[i][c], 1e-5);
        }
    }

    [TestMethod]
    public void AnyNumberOfImages_RunsInAStockPipelineToo()
    {
        string path = _folder.File("model.onnx");
        using var chain = TinyTraining.Train(_context, TinyTraining.Data(_context));
        chain.LastTransformer.SaveAsOnnx(path, new OnnxExportOptions { Outputs = OnnxOutputs.Logits | OnnxOutputs.Embedding });
        var rows = _context.Data.LoadFromEnumerable(Enumerable.Range(0, 3).Select(i => new PixelRow { Input = [.. Enumerable.Range(0, 768).Select(p => MathF.Sin(p + i))] }));

        var scored = _context.Transforms.ApplyOnnxModel(["logits", "embedding"], ["input"], path).Fit(rows).Transform(rows);

        Assert.HasCount(3, scored.GetColumn<float[]>("logits").ToArray());
        Assert.HasCount(24, scored.GetColumn<float[]>("embedding").First());
    }

    [TestMethod]
    public void ATrainedModelCarriesItsClassNames()
    {
        string path = _folder.File("model.onnx");
        using var chain = TinyTraining.Train(_context, TinyTraining.Data(_context));

        chain.LastTransformer.SaveAsOnnx(path);

        using var run = new OnnxRun(path);
        Assert.AreEqual("""["blue","green","red"]""", run.Metadata["class_names"]);
        using var checkpoint = VisionTransformerCheckpoint.Load(path);
        CollectionAssert.AreEqual(ColoredSamples.Classes, checkpoint.ClassNames!.ToArray());
        Assert.AreEqual(chain.LastTransformer.Preprocessing, checkpoint.Preprocessing);
    }

    [TestMethod]
    public void AFeaturizersFileGivesItsEmbeddingFromRawPixels()
    {
        string path = _folder.File("model.onnx");
        var samples = ColoredSamples.Make(1);
        var data = _context.Data.LoadFromEnumerable(samples);
        var options = new VisionTransformerFeatureOptions
        {
            PretrainedModel = TestData.Path("golden", "checkpoints", "hf-dinov2"),
            Kind = FeatureKind.ClassTokenAndAverage,
            Normalize = true,
            Device = "cpu",
        };
        using var model = _context.Transforms.VisionTransformerFeatures("Features", "Image", options).Fit(data);
        model.SaveAsOnnx(path, new OnnxExportOptions { Input = OnnxInput.RawRgb });
        using var run = new OnnxRun(path);

        float[][] expected = [.. model.Transform(data).GetColumn<float[]>("Features")];

        for (int i = 0; i < samples.Length; i++)
        {
            var image = ImageDecoder.Decode(samples[i].Image, "sample");
            float[] found = run.Run(image.Pixels, [1, image.Height, image.Width, RgbImage.Channels], "embedding");
            for (int d = 0; d < found.Length; d++)
                Assert.AreEqual(expected[i][d], found[d], 1e-5);
        }
    }

    [TestMethod]
    public void ADisposedModelIsSaid()
    {
        using var chain = TinyTraining.Train(_context, TinyTraining.Data(_context));
        chain.LastTransformer.Dispose();

        Assert.ThrowsExactly<ObjectDisposedException>(() => chain.LastTransformer.SaveAsOnnx(_folder.File("model.onnx")));
    }

    /// <summary>A row of prepared pixels, named like the input of the ONNX file.</summary>
    private sealed class PixelRow
    {
        [VectorType(3, 16, 16)]
        [ColumnName("input")]
        public float[] Input { get; set; } = [];
    }
}
