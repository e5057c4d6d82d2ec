// The temperature of a classifier: its effect on scores and its storage in the model file.
using System.Buffers.Binary;
using System.IO.Compression;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.ModelFile;
using Microsoft.ML.VisionTransformer.Scoring.Engine;
using Microsoft.ML.VisionTransformer.Tests.Support;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Evaluation;

[TestClass]
public sealed class TemperatureTests
{
    private const string ColumnsName = "columns.json";

    private static readonly VisionTransformerArchitecture _architecture = TinyTraining.Architecture with { EmbeddingDimension = 8, Depth = 1, Classes = 3 };

    [TestMethod]
    public void ScoresAreTheSoftmaxOfTheLogitsOverTheTemperature()
    {
        using var model = Untrained(temperature: 2);

        float[][] scores = Scores(model), logits = Logits();

        for (int i = 0; i < scores.Length; i++)
        {
            double sum = logits[i].Sum(z => Math.Exp(z / 2));
            for (int k = 0; k < 3; k++)
                Assert.AreEqual(Math.Exp(logits[i][k] / 2) / sum, scores[i][k], 1e-6);
        }
    }

    [TestMethod]
    public void WithoutOneScoresAreTheSoftmaxOfTheLogits()
    {
        using var model = Untrained();
        using var scope = torch.NewDisposeScope();

        float[][] scores = Scores(model);

        Assert.AreEqual(1, model.Temperature);
        float[] expected = torch.softmax(torch.tensor(Logits().SelectMany(z => z).ToArray(), [3, 3]), 1).Values();
        foreach (var (softmax, score) in expected.Zip(scores.SelectMany(s => s)))
            Assert.AreEqual(softmax, score, 1e-6);
    }

    [TestMethod]
    [DataRow(2.0)]
    [DataRow(0.37)]
    public void ItIsSavedAndTheScoresHaveTheSameBits(double temperature)
    {
        using var folder = new TemporaryFolder();
        using var model = Untrained(temperature);

        using var loaded = Load(Saved(folder, model));

        Assert.AreEqual(temperature, loaded.Temperature);
        CollectionAssert.AreEqual(Scores(model).SelectMany(s => s).ToArray(), Scores(loaded).SelectMany(s => s).ToArray());
    }

    [TestMethod]
    public void AFileOfFormat1Point2HasNone()
    {
        string data = TestData.Path("model-files");
        using var model = Load(Path.Combine(data, "format-1.2.zip"));

        float[][] scores = Scores(model), expected = JsonSerializer.Deserialize<float[][]>(File.ReadAllText(Path.Combine(data, "format-1.2.scores.json")))!;

        Assert.AreEqual(1, model.Temperature);
        for (int i = 0; i < expected.Length; i++)
        {
            for (int k = 0; k < 3; k++)
                Assert.AreEqual(expected[i][k], scores[i][k], 1e-5f);
        }
    }

    [TestMethod]
    [DataRow("0")]
    [DataRow("-2")]
    [DataRow("1e-9")]
    [DataRow("1000")]
    [DataRow("1e999")]
    [DataRow("\"NaN\"")]
    [DataRow("\"Infinity\"")]
    [DataRow("null")]
    [DataRow("\"warm\"")]
    public void AFileWithATemperatureThatMakesNoSenseIsRefused(string value)
    {
        using var folder = new TemporaryFolder();
        using var model = Untrained(temperature: 2);
        string path = Saved(folder, model);
        ReplaceColumns(path, json => json.Replace("\"Temperature\": 2", $"\"Temperature\": {value}", StringComparison.Ordinal));

        var error = Assert.ThrowsExactly<TargetInvocationException>(() => Load(path)).InnerException;

        Assert.IsInstanceOfType<InvalidDataException>(error);
        Assert.Contains(ColumnsName, error.Message);
        Assert.Contains("Temperature", error.Message);
    }

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(-1.0)]
    [DataRow(double.NaN)]
    [DataRow(double.PositiveInfinity)]
    public void NoModelIsMadeWithOneThatMakesNoSense(double temperature) =>
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Describe() with { Temperature = temperature });

    private static ModelDescription Describe() => new(
        _architecture,
        ImagePreprocessing.For(_architecture),
        ClassLabels.FromJson("""{"Type":"String","Count":3,"Values":["a","b","c"]}"""u8.ToArray()),
        new ColumnNames("Image", "Score", "PredictedLabel"),
        History: null);

    private static VisionTransformerPredictionTransformer Untrained(double? temperature = null) => new(
        temperature is { } t ? Describe() with { Temperature = t } : Describe(),
        ScoringNetwork.Of(Network(), ComputeDevice.Cpu));

    /// <summary>A network whose head is steep enough for scores that differ.</summary>
    private static VisionTransformerNetwork Network()
    {
        var network = new VisionTransformerNetwork(_architecture, seed: 2);
        using var mode = torch.no_grad();
        network.get_parameter("head.weight")!.mul_(30);
        return network;
    }

    private static float[][] Logits()
    {
        using var mode = torch.inference_mode();
        using var scope = torch.NewDisposeScope();
        using var network = Network();
        network.eval();
        var logits = network.forward(NetworkInputs.Of(ImagePreprocessing.For(_architecture), ColoredSamples.Make(1)));
        return [.. Enumerable.Range(0, 3).Select(i => logits[i].Values())];
    }

    private static float[][] Scores(VisionTransformerPredictionTransformer model) => TinyTraining.Scores(model.Transform(TinyTraining.Data(new MLContext(), perClass: 1)));

    private static string Saved(TemporaryFolder folder, VisionTransformerPredictionTransformer model) =>
        TinyTraining.SavedModel(folder, new MLContext(), model, TinyTraining.Data(new MLContext(), perClass: 1).Schema);

    private static VisionTransformerPredictionTransformer Load(string path)
    {
        var model = new MLContext().Model.Load(path, out _);
        return (VisionTransformerPredictionTransformer)((model as IEnumerable<ITransformer>)?.Single() ?? model);
    }

    /// <summary>Changes an entry and its record in the index: name, length (8 bytes), checksum.</summary>
    private static void ReplaceColumns(string path, Func<string, string> change)
    {
        using var zip = ZipFile.Open(path, ZipArchiveMode.Update);
        byte[] old = Replace(zip, ColumnsName, content => Encoding.UTF8.GetBytes(change(Encoding.UTF8.GetString(content))), out byte[] changed);
        CollectionAssert.AreNotEqual(old, changed);
        Replace(zip, "Model.key", key =>
        {
            var position = key.AsSpan(key.AsSpan().IndexOf(Encoding.UTF8.GetBytes(ColumnsName)) + ColumnsName.Length);
            BinaryPrimitives.WriteInt64LittleEndian(position, changed.Length);
            EntryChecksum.Of(changed).CopyTo(position[sizeof(long)..]);
            return key;
        }, out _);
    }

    private static byte[] Replace(ZipArchive zip, string name, Func<byte[], byte[]> change, out byte[] changed)
    {
        var entry = zip.Entries.Single(e => e.Name == name);
        using var content = new MemoryStream();
        using (var stream = entry.Open())
            stream.CopyTo(content);
        byte[] old = content.ToArray();
        changed = change((byte[])old.Clone());
        string fullName = entry.FullName;
        entry.Delete();
        using var target = zip.CreateEntry(fullName).Open();
        target.Write(changed);
        return old;
    }
}
