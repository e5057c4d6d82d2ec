// Hostile model files with correct checksums: each is rejected with its entry and field named, before memory is allocated.
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Fuzz;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.ModelFile;
using Microsoft.ML.VisionTransformer.Scoring.Engine;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.ModelFile;

[TestClass]
public sealed class HostileModelFileTests
{
    /// <summary>Bytes that rejecting a file may allocate; loading the valid one allocates two million.</summary>
    private const long MostBytes = 64L << 20;

    private static TemporaryFolder _folder = null!;
    private static ModelArchive _classifier = null!;
    private static ModelArchive _featurizer = null!;

    [ClassInitialize]
    public static void SaveOnce(TestContext _)
    {
        _folder = new TemporaryFolder();
        var context = new MLContext(seed: 1);
        var data = TinyTraining.Data(context);
        using var model = TinyTraining.Train(context, data);
        _classifier = ModelArchive.Read(File.ReadAllBytes(TinyTraining.SavedModel(_folder, context, model, data.Schema)));
        var features = context.Transforms.VisionTransformerFeatures("Embedding", "Image", new VisionTransformerFeatureOptions { PretrainedModel = TestData.Path("golden", "checkpoints", "hf-vit") });
        using var featurizer = features.Fit(data);
        _featurizer = ModelArchive.Read(File.ReadAllBytes(TinyTraining.SavedModel(_folder, context, featurizer, data.Schema)));
    }

    [ClassCleanup]
    public static void Clean() => _folder.Dispose();

    [TestMethod]
    public void AnUnchangedArchiveLoads()
    {
        Load(_classifier.ToBytes());
        Load(_featurizer.ToBytes());
    }

    [TestMethod]
    [DataRow("\"Type\": \"String\",", "\"Type\": null,", "\"Count\": 3", "\"Count\": 2147483647", "Count is 2147483647")]
    [DataRow("\"Type\": \"String\",", "\"Type\": null,", "\"Count\": 3", "\"Count\": -1", "Count is -1")]
    [DataRow("\"Type\": \"String\",", "\"Type\": null,", "\"Count\": 3", "\"Count\": 0", "Count is 0")]
    [DataRow("\"green\"", "null", "\"Count\": 3", "\"Count\": 3", "Values[1] is null")]
    [DataRow("\"Type\": \"String\",", "\"Type\": \"Single\",", "\"green\"", "null", "Values[1] is null")]
    [DataRow("\"Type\": \"String\",", "\"Type\": \"Boolean\",", "\"Count\": 3", "\"Count\": 3", "Boolean")]
    public void ClassesThatCannotBe(string old, string with, string secondOld, string secondWith, string expected) =>
        AssertRefused(_classifier.Replace("classes.json", old, with).Replace("classes.json", secondOld, secondWith), "classes.json", expected);

    [TestMethod]
    [DataRow("\"Depth\": 2", "\"Depth\": 65536", "Depth is 65536")]
    [DataRow("\"Depth\": 2", "\"Depth\": 2147483647", "Depth is 2147483647")]
    [DataRow("\"Depth\": 2", "\"Depth\": 1000", "blocks.2")]
    [DataRow("\"EmbeddingDimension\": 24", "\"EmbeddingDimension\": 2147483646", "EmbeddingDimension is 2147483646")]
    [DataRow("\"EmbeddingDimension\": 24", "\"EmbeddingDimension\": 8192", "blocks.0.attn.qkv.bias is [72], but the network needs [24576]")]
    [DataRow("\"MlpRatio\": 4", "\"MlpRatio\": 80000000", "MlpRatio is 80000000")]
    [DataRow("\"MlpRatio\": 4", "\"MlpRatio\": 2730", "blocks.0.mlp.fc1")]
    [DataRow("\"Heads\": 2", "\"Heads\": 65536", "Heads is 65536")]
    [DataRow("\"Channels\": 3", "\"Channels\": 2147483647", "Channels is 2147483647")]
    [DataRow("\"RegisterTokens\": 0", "\"RegisterTokens\": 2147483647", "RegisterTokens is 2147483647")]
    [DataRow("\"RepresentationDimension\": 0", "\"RepresentationDimension\": 2147483647", "RepresentationDimension is 2147483647")]
    [DataRow("\"Classes\": 3", "\"Classes\": 2147483647", "Classes is 2147483647")]
    [DataRow("\"MlpWidthMultiple\": 1", "\"MlpWidthMultiple\": 2147483647", "MlpWidthMultiple is 2147483647")]
    [DataRow("\"Name\": \"vit_tiny_patch16_224\"", "\"Name\": null", "Name")]
    public void AnArchitectureThatCannotBe(string old, string with, string expected) =>
        AssertRefused(_classifier.Replace("architecture.json", old, with), "architecture.json", expected);

    [TestMethod]
    [DataRow(65536, 1, "ImageSize")]
    [DataRow(20000, 8, "ImageSize")]
    [DataRow(9000, 8, "tokens")]
    [DataRow(4096, 8, "tokens")]
    [DataRow(32768, 8192, "ImageSize")]
    [DataRow(46341, 46341, "ImageSize")]
    public void ImagesThatAreTooLarge(int side, int patch, string expected)
    {
        var archive = _classifier
            .Replace("architecture.json", Square("ImageSize", 16), Square("ImageSize", side))
            .Replace("architecture.json", Square("PatchSize", 8), Square("PatchSize", patch))
            .Replace("preprocessing.json", Square("Size", 16), Square("Size", side));

        AssertRefused(archive, "architecture.json", expected);
    }

    [TestMethod]
    [DataRow("preprocessing.json", "Mean", "null", "Mean")]
    [DataRow("preprocessing.json", "Mean", "[]", "Mean")]
    [DataRow("preprocessing.json", "Mean", "[0.5]", "Mean")]
    [DataRow("preprocessing.json", "StandardDeviation", "[0, 0, 0]", "StandardDeviation")]
    [DataRow("preprocessing.json", "CropFraction", "1e-12", "CropFraction")]
    [DataRow("preprocessing.json", "CropFraction", "\"NaN\"", "CropFraction")]
    [DataRow("preprocessing.json", "MaxPixels", "2147483647", "MaxPixels")]
    [DataRow("columns.json", "Image", "null", "Image")]
    [DataRow("columns.json", "Image", "\" \"", "Image")]
    [DataRow("columns.json", "Score", "null", "Score")]
    [DataRow("columns.json", "PredictedLabel", "null", "PredictedLabel")]
    [DataRow("columns.json", "PredictedLabel", "\"Score\"", "Score")]
    [DataRow("columns.json", "Temperature", "\"NaN\"", "Temperature")]
    [DataRow("training-history.json", "Epochs", "null", "Epochs")]
    [DataRow("training-history.json", "Epochs", "[null]", "Epochs")]
    [DataRow("training-history.json", "InvalidImages", "null", "InvalidImages")]
    [DataRow("training-history.json", "InvalidImages", "[null]", "InvalidImages")]
    [DataRow("training-history.json", "LearningCurve", "null", "LearningCurve")]
    [DataRow("training-history.json", "LearningCurve", "[null]", "LearningCurve")]
    [DataRow("weights.json", "Tensors", "null", "Tensors")]
    [DataRow("weights.json", "Tensors", "[null]", "Tensors[0]")]
    [DataRow("weights.json", "Tensors", "[{}]", "Tensors[0]")]
    public void AFieldThatIsNullOrWrong(string entry, string field, string value, string expected) =>
        AssertRefused(_classifier.With(entry, WithField(_classifier.Text(entry), field, value)), entry, expected);

    [TestMethod]
    [DataRow("\"Name\": \"blocks.0.attn.proj.bias\"", "\"Name\": null", "Name")]
    [DataRow("\"Type\": \"float32\"", "\"Type\": null", "expected float32, float16 or int8")]
    [DataRow("\"Type\": \"float32\"", "\"Type\": \"int8\"", "has type int8, which only the linear layers of the blocks may have")]
    public void ATensorWithoutNameOrWithAnotherType(string old, string with, string expected) => AssertRefused(_classifier.Replace("weights.json", old, with), "weights.json", expected);

    [TestMethod]
    public void ATensorWithoutShape() =>
        AssertRefused(_classifier.With("weights.json", WithField(_classifier.Text("weights.json"), "Shape", "null")), "weights.json", "Shape");

    [TestMethod]
    [DataRow("Image", "null")]
    [DataRow("Output", "\"\"")]
    public void AFeaturizerWithoutColumns(string field, string value) =>
        AssertRefused(_featurizer.With("features.json", WithField(_featurizer.Text("features.json"), field, value)), "features.json", field);

    [TestMethod]
    [DataRow("classes.json")]
    [DataRow("architecture.json")]
    [DataRow("weights.json")]
    public void BlanksByTheMegabyte(string name)
    {
        byte[] blanks = new byte[300_000_000];
        Array.Fill(blanks, (byte)' ');

        AssertRefused(_classifier.With(name, blanks), name, "300000000 bytes");
    }

    /// <summary>A deflated entry of weights cannot be larger than deflation makes it.</summary>
    [TestMethod]
    public void WeightsThatAreNotThere()
    {
        int dimension = 8192;
        var architecture = TinyTraining.Architecture with { EmbeddingDimension = dimension, Classes = 3 };
        var archive = _classifier.Replace("architecture.json", "\"EmbeddingDimension\": 24", $"\"EmbeddingDimension\": {dimension}");
        archive = archive.With("weights.json", Table(architecture));

        AssertRefused(archive, "weights-0001.bin is not in its index");
    }

    [TestMethod]
    [DataRow(float.NaN, "NaN")]
    [DataRow(float.PositiveInfinity, "infinity")]
    public void AWeightThatIsNotFinite_IsRefusedWithItsTensor(float value, string expected)
    {
        var archive = WithWeight(_classifier, "blocks.1.mlp.fc1.weight", value);

        AssertRefused(archive, "blocks.1.mlp.fc1.weight", expected);
    }

    [TestMethod]
    public void AHalfWeightThatIsNoNumberIsRefusedWithItsTensor()
    {
        using var model = (IDisposable)new MLContext().Model.Load(new MemoryStream(_classifier.ToBytes()), out var schema);
        var chain = (TransformerChain<ITransformer>)model;
        ((VisionTransformerPredictionTransformer)chain.LastTransformer).WeightStorage = WeightStorage.Float16;
        var archive = ModelArchive.Read(File.ReadAllBytes(TinyTraining.SavedModel(_folder, new MLContext(), chain, schema)));

        AssertRefused(WithWeight(archive, "blocks.1.mlp.fc1.weight", float.NaN), "blocks.1.mlp.fc1.weight", "NaN");
    }

    [TestMethod]
    [DataRow(WeightStorage.Float32)]
    [DataRow(WeightStorage.Float16)]
    public void AModelWhoseWeightsAreNoNumbersIsNotSaved(WeightStorage storage)
    {
        using var model = Broken();
        model.WeightStorage = storage;

        var zip = Assert.Throws<Exception>(() => new MLContext().Model.Save(model, null, _folder.File("broken.zip"))).GetBaseException();
        var onnx = Assert.ThrowsExactly<InvalidOperationException>(() => model.SaveAsOnnx(_folder.File("broken.onnx")));
        var folder = Assert.ThrowsExactly<InvalidOperationException>(() => model.SaveAsSafetensors(_folder.File("broken")));

        foreach (var error in new[] { zip, onnx, folder })
        {
            Assert.IsInstanceOfType<InvalidOperationException>(error);
            Assert.Contains("blocks.1.mlp.fc1.weight has a weight that is NaN", error.Message);
        }

        Assert.IsFalse(File.Exists(_folder.File("broken.onnx")));
        Assert.IsEmpty(Directory.GetFiles(_folder.File("broken")));
    }

    [TestMethod]
    public void AGarbledIndexIsAnInvalidDataException()
    {
        byte[] index = _classifier["Model.key"];
        var random = new Random(5);
        int start = index.AsSpan().IndexOf("classes.json"u8) - sizeof(int) - 1;
        int end = index.AsSpan().IndexOf("weights-0000.bin"u8) + "weights-0000.bin".Length + sizeof(long) + 16;
        for (int i = 0; i < 200; i++)
        {
            byte[] changed = [.. index];
            changed[start + random.Next(end - start)] ^= (byte)(1 << random.Next(8));
            var error = Assert.Throws<Exception>(() => Load(_classifier.With("Model.key", changed).ToBytes())).GetBaseException();
            Assert.IsInstanceOfType<InvalidDataException>(error, error.ToString());
        }
    }

    private static VisionTransformerPredictionTransformer Broken()
    {
        var architecture = TinyTraining.Architecture with { Classes = 3 };
        var network = new VisionTransformerNetwork(architecture, seed: 2);
        using (TorchSharp.torch.no_grad())
        using (var values = network.state_dict()["blocks.1.mlp.fc1.weight"].flatten())
            values[7] = float.NaN;
        var labels = ClassLabels.FromJson("""{"Type":"String","Count":3,"Values":["a","b","c"]}"""u8.ToArray());
        var description = new ModelDescription(architecture, ImagePreprocessing.For(architecture), labels, new ColumnNames("Image", "Score", "PredictedLabel"), History: null);
        return new VisionTransformerPredictionTransformer(description, ScoringNetwork.Of(network, ComputeDevice.Cpu));
    }

    private static void AssertRefused(ModelArchive archive, params string[] expected)
    {
        byte[] zip = archive.ToBytes();
        long before = GC.GetTotalAllocatedBytes(precise: true);

        var error = Assert.Throws<Exception>(() => Load(zip)).GetBaseException();

        long taken = GC.GetTotalAllocatedBytes(precise: true) - before;
        Assert.IsInstanceOfType<InvalidDataException>(error, error.ToString());
        foreach (string part in expected)
            Assert.Contains(part, error.Message);
        Assert.IsLessThan(MostBytes, taken);
    }

    private static void Load(byte[] zip) => (new MLContext().Model.Load(new MemoryStream(zip), out _) as IDisposable)!.Dispose();

    private static string Square(string name, int side) => $"\"{name}\": {{\n    \"Height\": {side},\n    \"Width\": {side}\n  }}".ReplaceLineEndings();

    /// <summary>The text with another value for each field of that name.</summary>
    private static byte[] WithField(string json, string field, string value)
    {
        var root = System.Text.Json.Nodes.JsonNode.Parse(json)!;
        Assert.IsTrue(Change(root), field);
        return Encoding.UTF8.GetBytes(root.ToJsonString());

        bool Change(System.Text.Json.Nodes.JsonNode? node)
        {
            switch (node)
            {
                case System.Text.Json.Nodes.JsonObject item when item.ContainsKey(field):
                    item[field] = System.Text.Json.Nodes.JsonNode.Parse(value);
                    return true;
                case System.Text.Json.Nodes.JsonObject item:
                    return ChangeAll([.. item.Select(member => member.Value)]);
                case System.Text.Json.Nodes.JsonArray items:
                    return ChangeAll([.. items]);
                default:
                    return false;
            }
        }

        bool ChangeAll(System.Text.Json.Nodes.JsonNode?[] nodes)
        {
            bool[] changed = Array.ConvertAll(nodes, Change);
            return changed.Contains(true);
        }
    }

    /// <summary>The weights.json of a network with the given architecture.</summary>
    private static byte[] Table(VisionTransformerArchitecture architecture)
    {
        var tensors = Network.Rows(architecture).Select(row => $$"""{"Name":"{{row.Name}}","Type":"float32","Shape":[{{string.Join(",", row.Shape)}}]}""");
        return Encoding.UTF8.GetBytes($$"""{"PartBytes":16777216,"Tensors":[{{string.Join(",", tensors)}}]}""");
    }

    /// <summary>The archive with another value for the first weight of a tensor.</summary>
    private static ModelArchive WithWeight(ModelArchive archive, string tensor, float value)
    {
        using var table = System.Text.Json.JsonDocument.Parse(archive["weights.json"]);
        byte[] weights = [.. archive["weights-0000.bin"]];
        int at = 0;
        foreach (var entry in table.RootElement.GetProperty("Tensors").EnumerateArray())
        {
            int width = entry.GetProperty("Type").GetString() == "float16" ? 2 : 4;
            if (entry.GetProperty("Name").GetString() == tensor)
            {
                if (width == 2)
                    MemoryMarshal.Write(weights.AsSpan(at), (Half)value);
                else
                    MemoryMarshal.Write(weights.AsSpan(at), value);
                return archive.With("weights-0000.bin", weights);
            }

            at += width * entry.GetProperty("Shape").EnumerateArray().Aggregate(1, (count, size) => count * size.GetInt32());
        }

        throw new ArgumentException($"There is no {tensor}.");
    }

    private static class Network
    {
        internal static IEnumerable<ParameterRow> Rows(VisionTransformerArchitecture architecture) =>
            ParameterTable.Parameters(architecture).OrderBy(row => row.Name, StringComparer.Ordinal);
    }
}
