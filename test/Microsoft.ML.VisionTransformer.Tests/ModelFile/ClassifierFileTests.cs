// The model file: bit-equal scores, readable entries, and a clear error for each kind of damage.
using System.IO.Compression;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.ModelFile;
using Microsoft.ML.VisionTransformer.Scoring.Engine;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.ModelFile;

[TestClass]
public sealed class ClassifierFileTests
{
    private static TemporaryFolder _folder = null!;
    private static string _zip = null!;
    private static float[][] _scores = null!;
    private static TrainingHistory _history = null!;

    [ClassInitialize]
    public static void TrainAndSaveOnce(TestContext _)
    {
        _folder = new TemporaryFolder();
        var context = new MLContext(seed: 1);
        var data = TinyTraining.Data(context);
        using var model = TinyTraining.Train(context, data, TinyTraining.Options(epochs: 2));
        _scores = TinyTraining.Scores(model.Transform(data));
        _history = model.LastTransformer.TrainingHistory!;
        _zip = TinyTraining.SavedModel(_folder, context, model, data.Schema);
    }

    [ClassCleanup]
    public static void Clean() => _folder.Dispose();

    [TestMethod]
    public void ALoadedModelGivesTheSameBits()
    {
        var context = new MLContext();
        var model = context.Model.Load(_zip, out var schema);
        var data = TinyTraining.Data(context);

        float[][] scores = TinyTraining.Scores(model.Transform(data));

        Assert.AreEqual(_scores.Length, scores.Length);
        for (int i = 0; i < scores.Length; i++)
            CollectionAssert.AreEqual(_scores[i], scores[i]);
        Assert.IsNotNull(schema.GetColumnOrNull("Image"));
        (model as IDisposable)!.Dispose();
    }

    [TestMethod]
    public void ALoadedModelKnowsWhatItIs()
    {
        using var model = Load(_zip);
        var inner = model.LastTransformer;

        Assert.AreEqual(TinyTraining.Architecture with { Classes = 3 }, inner.Architecture);
        Assert.AreEqual(ImagePreprocessing.For(TinyTraining.Architecture), inner.Preprocessing);
        CollectionAssert.AreEqual(ColoredSamples.Classes, inner.ClassNames.ToArray());
        CollectionAssert.AreEqual(_history.Epochs.ToArray(), inner.TrainingHistory!.Epochs.ToArray());
        CollectionAssert.AreEqual(ModelJson.Write(_history), ModelJson.Write(inner.TrainingHistory));
    }

    [TestMethod]
    public void SavingALoadedModelGivesTheSameParts()
    {
        using var model = Load(_zip);
        string again = _folder.File("again.zip");
        new MLContext().Model.Save(model.Transformer, null, again);

        using var first = ZipFile.OpenRead(_zip);
        using var second = ZipFile.OpenRead(again);
        foreach (var entry in first.Entries.Where(e => e.FullName.Contains("Transform_001", StringComparison.Ordinal)))
            CollectionAssert.AreEqual(Content(entry), Content(second.GetEntry(entry.FullName)!), entry.FullName);
    }

    [TestMethod]
    public void LoadingAndDisposingGivesAllTensorsBack() =>
        LiveTensors.AssertSameAfter(() => Load(_zip).Dispose());

    [TestMethod]
    public void AFileOfAVersionThatDidNotMeasureTheProbeIsRead()
    {
        var old = ModelJson.Read<TrainingHistory>("""{ "Epochs": [], "BestEpoch": 3, "Temperature": 1, "Seed": 7 }"""u8.ToArray());

        Assert.IsNull(old.ProbeAccuracy);
        Assert.IsNull(old.ProbePenalty);
        Assert.IsEmpty(old.LearningCurve);
    }

    [TestMethod]
    public void TheProbeAndItsCurveAreRead()
    {
        var written = new TrainingHistory { ProbeAccuracy = 0.8, ProbePenalty = 0.03, LearningCurve = [new(10, 0.7), new(20, 0.8)] };

        var read = ModelJson.Read<TrainingHistory>(ModelJson.Write(written));

        Assert.AreEqual((0.8, 0.03), (read.ProbeAccuracy, read.ProbePenalty));
        CollectionAssert.AreEqual(written.LearningCurve.ToArray(), read.LearningCurve.ToArray());
    }

    [TestMethod]
    [DataRow("architecture.json", "EmbeddingDimension")]
    [DataRow("preprocessing.json", "StandardDeviation")]
    [DataRow("classes.json", "green")]
    [DataRow("training-history.json", "ValidationAccuracy")]
    [DataRow("weights.json", "blocks.1.attn.qkv.weight")]
    public void ThePartsAreReadableJson(string name, string holds)
    {
        using var zip = ZipFile.OpenRead(_zip);
        string text = Encoding.UTF8.GetString(Content(Entry(zip, name)));

        using var _ = JsonDocument.Parse(text);
        Assert.Contains(holds, text);
    }

    [TestMethod]
    [DataRow("architecture.json")]
    [DataRow("preprocessing.json")]
    [DataRow("classes.json")]
    [DataRow("columns.json")]
    [DataRow("training-history.json")]
    [DataRow("weights.json")]
    [DataRow("weights-0000.bin")]
    public void AChangedByteIsNoticed(string name)
    {
        string path = Changed(name, content =>
        {
            content[content.Length / 2] ^= 1;
            return content;
        });

        var error = LoadError(path);

        Assert.Contains($"checksum of the entry {name} does not match", error.Message);
    }

    [TestMethod]
    [DataRow("classes.json")]
    [DataRow("weights-0000.bin")]
    public void AShortenedPartIsNoticed(string name)
    {
        var error = LoadError(Changed(name, content => content[..^3]));

        Assert.Contains($"the entry {name} has", error.Message);
    }

    [TestMethod]
    [DataRow("preprocessing.json")]
    [DataRow("weights-0000.bin")]
    public void AMissingPartIsNoticed(string name)
    {
        var error = LoadError(Changed(name, _ => null));

        Assert.Contains($"the entry {name} is missing", error.Message);
    }

    [TestMethod]
    public void ANewerFormatAsksForANewerPackage()
    {
        // ML.NET's header: signature (8 bytes), two versions of the header, then the model's signature, written and readable version.
        string path = Changed("Model.key", content =>
        {
            byte[] signature = Encoding.ASCII.GetBytes("VIT\0CLSF");
            int at = content.AsSpan().IndexOf(signature) + signature.Length;
            content[at + 2] = 9;
            content[at + 6] = 9;
            return content;
        });

        var error = LoadError(path);

        Assert.Contains("has format 9.5, written by a newer Microsoft.ML.VisionTransformer", error.Message);
        Assert.Contains("Update the package", error.Message);
    }

    [TestMethod]
    public void ACutOffFileIsAnError()
    {
        byte[] whole = File.ReadAllBytes(_zip);
        for (int tenth = 0; tenth < 10; tenth++)
        {
            string path = _folder.File($"cut-{tenth}.zip");
            File.WriteAllBytes(path, whole[..(whole.Length * tenth / 10)]);

            Assert.Throws<Exception>(() => Load(path), $"{tenth} tenths");
        }
    }

    [TestMethod]
    public void WeightsLargerThanAPartAreSplitAndPutTogether()
    {
        // 5.4 million float32 values are 21 MB: two chunks.
        var architecture = TinyTraining.Architecture with { EmbeddingDimension = 384, Depth = 3, Heads = 6, Classes = 3 };
        using var model = Untrained(architecture);
        string path = _folder.File("large.zip");
        new MLContext().Model.Save(model, null, path);
        using (var zip = ZipFile.OpenRead(path))
            Assert.AreEqual(2, zip.Entries.Count(e => e.Name.StartsWith("weights-", StringComparison.Ordinal) && e.Name.EndsWith(".bin", StringComparison.Ordinal)));

        using var loaded = Load(path);

        var data = TinyTraining.Data(new MLContext(), perClass: 1);
        float[][] expected = TinyTraining.Scores(model.Transform(data)), found = TinyTraining.Scores(loaded.Transform(data));
        for (int i = 0; i < expected.Length; i++)
            CollectionAssert.AreEqual(expected[i], found[i]);
    }

    /// <summary>If this fails, ML.NET's private field has changed: models are still saved, but much more slowly.</summary>
    [TestMethod]
    public void WeightsAreStoredAndNotDeflated()
    {
        using var zip = ZipFile.OpenRead(_zip);
        var weights = Entry(zip, "weights-0000.bin");

        Assert.AreEqual(weights.Length, weights.CompressedLength);
        Assert.IsLessThan(Entry(zip, "weights.json").Length, Entry(zip, "weights.json").CompressedLength);
    }

    [TestMethod]
    public void AFixedPositionTableIsSavedToo()
    {
        using var model = Untrained(TinyTraining.Architecture with { PositionEmbedding = PositionEmbedding.SinCos2D, Classes = 3 });
        string path = _folder.File("sincos.zip");
        new MLContext().Model.Save(model, null, path);

        using var loaded = Load(path);

        var data = TinyTraining.Data(new MLContext(), perClass: 1);
        CollectionAssert.AreEqual(TinyTraining.Scores(model.Transform(data))[0], TinyTraining.Scores(loaded.Transform(data))[0]);
    }

    private static VisionTransformerPredictionTransformer Untrained(VisionTransformerArchitecture architecture)
    {
        var labels = ClassLabels.FromJson("""{"Type":"String","Count":3,"Values":["a","b","c"]}"""u8.ToArray());
        var description = new ModelDescription(
            architecture, ImagePreprocessing.For(architecture), labels, new ColumnNames("Image", "Score", "PredictedLabel"), History: null);
        return new VisionTransformerPredictionTransformer(description, ScoringNetwork.Of(new VisionTransformerNetwork(architecture, seed: 2), ComputeDevice.Cpu));
    }

    /// <summary>ML.NET creates transformers by reflection, which wraps their exceptions.</summary>
    private static InvalidDataException LoadError(string path) =>
        (InvalidDataException)Assert.ThrowsExactly<TargetInvocationException>(() => Load(path)).GetBaseException();

    private static LoadedModel Load(string path) => new(new MLContext().Model.Load(path, out _));

    private static string Changed(string name, Func<byte[], byte[]?> change)
    {
        string path = _folder.File($"changed-{Guid.NewGuid():N}.zip");
        File.Copy(_zip, path);
        using var zip = ZipFile.Open(path, ZipArchiveMode.Update);
        var entry = Entry(zip, name);
        string fullName = entry.FullName;
        byte[]? content = change(Content(entry));
        entry.Delete();
        if (content is not null)
        {
            using var stream = zip.CreateEntry(fullName).Open();
            stream.Write(content);
        }

        return path;
    }

    private static ZipArchiveEntry Entry(ZipArchive zip, string name) =>
        zip.Entries.Single(e => e.FullName.Contains("Transform_001", StringComparison.Ordinal) && e.Name == name);

    private static byte[] Content(ZipArchiveEntry entry)
    {
        using var stream = entry.Open();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    /// <summary>A loaded chain, or a lone model, with the Vision Transformer at its end.</summary>
    private sealed class LoadedModel(ITransformer model) : IDisposable
    {
        internal VisionTransformerPredictionTransformer LastTransformer =>
            (VisionTransformerPredictionTransformer)((model as IEnumerable<ITransformer>)?.Last() ?? model);

        internal ITransformer Transformer => model;

        internal IDataView Transform(IDataView data) => model.Transform(data);

        public void Dispose() => ((IDisposable)model).Dispose();
    }
}
