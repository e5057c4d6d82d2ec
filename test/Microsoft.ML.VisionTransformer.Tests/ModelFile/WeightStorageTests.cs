// float16 and int8 weights in a model file: half and a quarter of the size, nearly the same scores, and compatibility with older files and packages.
using System.IO.Compression;
using System.Text;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.ModelFile;
using Microsoft.ML.VisionTransformer.Scoring.Engine;
using Microsoft.ML.VisionTransformer.Tests.Support;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Tests.ModelFile;

[TestClass]
public sealed class WeightStorageTests : IDisposable
{
    private static readonly VisionTransformerArchitecture _architecture = TinyTraining.Architecture with { EmbeddingDimension = 48, Heads = 3, Classes = 3 };

    private readonly MLContext _context = new(1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void TheFileIsHalfAndTheLoadedScoresAreNearlyTheSame()
    {
        using var model = Untrained();
        string full = Save(model, "full.zip");
        model.WeightStorage = WeightStorage.Float16;
        string half = Save(model, "half.zip");

        using var loaded = Load(half);

        Assert.IsLessThan(0.56, WeightBytes(half) / (double)WeightBytes(full));
        float[][] expected = Scores(model), found = Scores(loaded);
        for (int i = 0; i < expected.Length; i++)
        {
            for (int c = 0; c < expected[i].Length; c++)
                Assert.AreEqual(expected[i][c], found[i][c], 2e-3);
        }
    }

    [TestMethod]
    public void InInt8TheFileIsAboutAQuarterAndTheLoadedScoresAreNearlyTheSame()
    {
        using var model = Untrained();
        string full = Save(model, "full.zip");
        model.WeightStorage = WeightStorage.Int8;
        string small = Save(model, "small.zip");

        using var loaded = Load(small);

        Assert.AreEqual(WeightStorage.Int8, loaded.WeightStorage);
        Assert.IsLessThan(0.4, WeightBytes(small) / (double)WeightBytes(full), "vectors are many in a tiny network");
        float[][] expected = Scores(model), found = Scores(loaded);
        for (int i = 0; i < expected.Length; i++)
        {
            for (int c = 0; c < expected[i].Length; c++)
                Assert.AreEqual(expected[i][c], found[i][c], 5e-3);
        }
    }

    [TestMethod]
    public void InInt8TheLinearLayersOfBlocksHaveBytesAndOneScalePerOutput()
    {
        using var model = Untrained();
        model.WeightStorage = WeightStorage.Int8;

        using var loaded = Load(Save(model, "small.zip"));

        var (before, after) = (Values(model), Values(loaded));
        foreach (var parameter in _architecture.Parameters())
        {
            float[] expected = before[parameter.Name], found = after[parameter.Name];
            if (parameter.Shape.Length == 2 && parameter.Name.StartsWith("blocks.", StringComparison.Ordinal))
            {
                int inputs = (int)parameter.Shape[1];
                for (int i = 0; i < expected.Length; i++)
                {
                    float largest = expected.AsSpan(i / inputs * inputs, inputs).ToArray().Max(MathF.Abs);
                    Assert.AreEqual(expected[i], found[i], largest / 127 * 0.51, $"{parameter.Name}[{i}]");
                }
            }
            else
            {
                CollectionAssert.AreEqual(parameter.Shape.Length == 1 ? expected : [.. expected.Select(v => (float)(Half)v)], found, parameter.Name);
            }
        }
    }

    [TestMethod]
    public void EachWeightIsTheNearest16BitFloatAndVectorsKeepAllBits()
    {
        using var network = new VisionTransformerNetwork(_architecture, seed: 2);
        using var model = Untrained(network);
        model.WeightStorage = WeightStorage.Float16;

        using var loaded = Load(Save(model, "half.zip"));

        var (before, after) = (Values(model), Values(loaded));
        foreach (var parameter in _architecture.Parameters().Where(p => p.Shape.Length > 1))
            CollectionAssert.AreEqual(before[parameter.Name].Select(v => (float)(Half)v).ToArray(), after[parameter.Name], parameter.Name);
        CollectionAssert.AreEqual(before["norm.weight"], after["norm.weight"]);
        CollectionAssert.AreEqual(before["blocks.0.attn.qkv.bias"], after["blocks.0.attn.qkv.bias"]);
    }

    [TestMethod]
    [DataRow(WeightStorage.Float16)]
    [DataRow(WeightStorage.Int8)]
    public void ALoadedModelKeepsItsStorageAndSavesTheSameBytes(WeightStorage storage)
    {
        using var model = Untrained();
        model.WeightStorage = storage;
        string first = Save(model, "first.zip");

        using var loaded = Load(first);
        string second = Save(loaded, "second.zip");

        Assert.AreEqual(storage, loaded.WeightStorage);
        CollectionAssert.AreEqual(Entry(first, "weights-0000.bin"), Entry(second, "weights-0000.bin"));
        CollectionAssert.AreEqual(Entry(first, "weights.json"), Entry(second, "weights.json"));
    }

    [TestMethod]
    public void TheTableSaysEachTensorsType()
    {
        using var model = Untrained();
        model.WeightStorage = WeightStorage.Float16;

        string table = Encoding.UTF8.GetString(Entry(Save(model, "half.zip"), "weights.json"));

        StringAssert.Matches(table, new("\"blocks\\.0\\.attn\\.qkv\\.weight\",\\s*\"Type\": ?\"float16\""));
        StringAssert.Matches(table, new("\"blocks\\.0\\.attn\\.qkv\\.bias\",\\s*\"Type\": ?\"float32\""));
    }

    /// <summary>The fields after the model's signature in ML.NET's header: the version that wrote the file, and the oldest that can read it.</summary>
    [TestMethod]
    [DataRow(WeightStorage.Float32)]
    [DataRow(WeightStorage.Float16)]
    [DataRow(WeightStorage.Int8)]
    public void AFileAsksOlderPackagesForAnUpdate(WeightStorage storage)
    {
        using var model = Untrained();
        model.WeightStorage = storage;

        byte[] header = Entry(Save(model, "model.zip"), "Model.key");

        int at = header.AsSpan().IndexOf("VIT\0CLSF"u8) + 8;
        CollectionAssert.AreEqual(new byte[] { 5, 0, 1, 0, 5, 0, 1, 0 }, header[at..(at + 8)]);
    }

    [TestMethod]
    public void AWeightBeyond16Bits_SaysWhichAndWhatToDo()
    {
        using var network = new VisionTransformerNetwork(_architecture, seed: 2);
        using (torch.no_grad())
            network.state_dict()["blocks.1.mlp.fc1.weight"].fill_(70_000);
        using var model = Untrained(network);
        model.WeightStorage = WeightStorage.Float16;

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Save(model, "model.zip"));

        Assert.AreEqual(
            "blocks.1.mlp.fc1.weight has a weight of 70000, beyond the largest float16 value, 65504; save the model with WeightStorage Float32.", error.Message);
    }

    [TestMethod]
    public void AnUnknownStorage_IsRefused()
    {
        using var model = Untrained();

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.WeightStorage = (WeightStorage)9);
        Assert.AreEqual(WeightStorage.Float32, model.WeightStorage);
    }

    [TestMethod]
    public void AFeaturizerHasTheSame()
    {
        using var network = new VisionTransformerNetwork(_architecture, seed: 2);
        var column = new FeatureColumn("Image", "Features", FeatureKind.Pooled, Normalize: false);
        using var model = new VisionTransformerFeatureTransformer(column, ImagePreprocessing.For(_architecture), ScoringNetwork.Of(network, ComputeDevice.Cpu))
        {
            WeightStorage = WeightStorage.Float16,
        };
        string path = _folder.File("features.zip");
        _context.Model.Save(model, null, path);

        using var loaded = (VisionTransformerFeatureTransformer)Step(_context.Model.Load(path, out _));

        Assert.AreEqual(WeightStorage.Float16, loaded.WeightStorage);
        float[] expected = Features(model), found = Features(loaded);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], found[i], 1e-2);
    }

    [TestMethod]
    public void LoadingGivesAllTensorsBack()
    {
        using var model = Untrained();
        model.WeightStorage = WeightStorage.Float16;
        string path = Save(model, "half.zip");

        LiveTensors.AssertSameAfter(() => Load(path).Dispose());
    }

    private float[][] Scores(VisionTransformerPredictionTransformer model) => TinyTraining.Scores(model.Transform(TinyTraining.Data(_context, perClass: 3)));

    private float[] Features(VisionTransformerFeatureTransformer model) =>
        model.Transform(TinyTraining.Data(_context, perClass: 1)).GetColumn<float[]>("Features").First();

    private Dictionary<string, float[]> Values(VisionTransformerPredictionTransformer model)
    {
        string folder = Directory.CreateDirectory(_folder.File(Guid.NewGuid().ToString("N"))).FullName;
        model.SaveAsSafetensors(folder);
        using var checkpoint = VisionTransformerCheckpoint.Load(folder);
        using var network = checkpoint.CreateNetwork();
        return network.state_dict().ToDictionary(t => t.Key, t => StateValues.Of(t.Value));
    }

    private string Save(VisionTransformerPredictionTransformer model, string name)
    {
        string path = _folder.File(name);
        _context.Model.Save(model, null, path);
        return path;
    }

    private VisionTransformerPredictionTransformer Load(string path) => (VisionTransformerPredictionTransformer)Step(_context.Model.Load(path, out _));

    private static ITransformer Step(ITransformer loaded) => (loaded as IEnumerable<ITransformer>)?.Single() ?? loaded;

    private static VisionTransformerPredictionTransformer Untrained() => Untrained(new VisionTransformerNetwork(_architecture, seed: 2));

    private static VisionTransformerPredictionTransformer Untrained(VisionTransformerNetwork network)
    {
        var labels = ClassLabels.FromJson("""{"Type":"String","Count":3,"Values":["a","b","c"]}"""u8.ToArray());
        var description = new ModelDescription(
            _architecture, ImagePreprocessing.For(_architecture), labels, new ColumnNames("Image", "Score", "PredictedLabel"), History: null);
        return new VisionTransformerPredictionTransformer(description, ScoringNetwork.Of(network, ComputeDevice.Cpu));
    }

    private static long WeightBytes(string path)
    {
        using var zip = ZipFile.OpenRead(path);
        return zip.Entries.Where(e => e.Name.EndsWith(".bin", StringComparison.Ordinal)).Sum(e => e.Length);
    }

    private static byte[] Entry(string path, string name)
    {
        using var zip = ZipFile.OpenRead(path);
        using var stream = zip.Entries.First(e => e.Name == name && !e.FullName.StartsWith("TrainingInfo", StringComparison.Ordinal)).Open();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
