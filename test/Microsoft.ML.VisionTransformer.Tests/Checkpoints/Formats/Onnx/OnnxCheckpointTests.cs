// This library's ONNX files as checkpoints: bit-exact weights, and rejected files.
using Microsoft.ML.VisionTransformer.Tests.Onnx.Export;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Formats.Onnx;

[TestClass]
public sealed class OnnxCheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static IEnumerable<string> Cases => OnnxGoldenTests.Cases;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void EveryWeightComesBackBitForBit(string name)
    {
        using var golden = GoldenModel.Load(name);
        string path = _folder.File("model.onnx");
        OnnxGolden.Write(path, golden.Network, new OnnxExportOptions(), model => model with { ClassNames = Names(golden.Network.Architecture.Classes) });

        using var checkpoint = VisionTransformerCheckpoint.Load(path);
        using var network = checkpoint.CreateNetwork();

        Assert.AreEqual(golden.Network.Architecture, checkpoint.Architecture);
        CollectionAssert.AreEqual(Names(golden.Network.Architecture.Classes), checkpoint.ClassNames?.ToArray());
        Assert.IsEmpty(checkpoint.Notes);
        var expected = golden.Network.state_dict();
        foreach (var (key, tensor) in network.state_dict())
            CollectionAssert.AreEqual(StateValues.Of(expected[key]), StateValues.Of(tensor), key);
    }

    [TestMethod]
    [DataRow(OnnxPrecision.Float32, true)]
    [DataRow(OnnxPrecision.Float16, false)]
    [DataRow(OnnxPrecision.Float16, true)]
    public void OtherFilesOfFloatsOpenToo(OnnxPrecision precision, bool external)
    {
        using var network = new VisionTransformerNetwork(TinyTraining.Architecture with { Classes = 3, PositionEmbedding = PositionEmbedding.SinCos2D });
        string path = _folder.File("model.onnx");
        OnnxGolden.Write(path, network, new OnnxExportOptions { Precision = precision, ExternalData = external, Input = OnnxInput.RawRgb });

        using var checkpoint = VisionTransformerCheckpoint.Load(path);
        using var loaded = checkpoint.CreateNetwork();

        var expected = network.state_dict();
        foreach (var (key, tensor) in loaded.state_dict())
        {
            float[] found = StateValues.Of(tensor), weights = StateValues.Of(expected[key]);
            for (int i = 0; i < found.Length; i++)
                Assert.AreEqual(weights[i], found[i], precision == OnnxPrecision.Float32 || key == "pos_embed" ? 0 : 1e-3, key);
        }
    }

    [TestMethod]
    public void IntegersAreRefused() => AssertRefused(Exported(new OnnxExportOptions { Precision = OnnxPrecision.Int8 }), "8-bit integers");

    [TestMethod]
    public void AFileOfAnotherProgramIsRefused()
    {
        string path = Exported(new OnnxExportOptions());
        byte[] bytes = File.ReadAllBytes(path);
        int at = bytes.AsSpan().IndexOf("architecture"u8);
        bytes[at] = (byte)'A';
        File.WriteAllBytes(path, bytes);

        AssertRefused(path, "did not write");
    }

    [TestMethod]
    public void AMissingSecondFileIsNamed()
    {
        string path = Exported(new OnnxExportOptions { ExternalData = true });
        File.Delete(path + ".data");

        AssertRefused(path, "model.onnx.data");
    }

    [TestMethod]
    public void AShortSecondFileIsRefused()
    {
        string path = Exported(new OnnxExportOptions { ExternalData = true });
        using (var data = File.OpenWrite(path + ".data"))
            data.SetLength(data.Length - 1);

        AssertRefused(path, "bytes of data");
    }

    [TestMethod]
    public void AFileCutOffAnywhereIsRefused()
    {
        string path = Exported(new OnnxExportOptions());
        byte[] whole = File.ReadAllBytes(path);
        for (int length = 3; length < whole.Length; length += Math.Max(1, whole.Length / 150))
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.ThrowsExactly<InvalidCheckpointException>(() => VisionTransformerCheckpoint.Load(path).Dispose(), $"{length} bytes");
        }
    }

    [TestMethod]
    public void ChangedBytesAreAnErrorOrAnotherWeight()
    {
        string path = Exported(new OnnxExportOptions { Outputs = OnnxOutputs.Logits });
        byte[] whole = File.ReadAllBytes(path);
        var random = new Random(5);
        for (int trial = 0; trial < 300; trial++)
        {
            byte[] changed = [.. whole];
            changed[random.Next(whole.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(path, changed);
            try
            {
                using var checkpoint = VisionTransformerCheckpoint.Load(path);
                checkpoint.CreateNetwork().Dispose();
            }
            catch (InvalidCheckpointException)
            {
            }
        }
    }

    private string Exported(OnnxExportOptions options)
    {
        using var network = new VisionTransformerNetwork(TinyTraining.Architecture with { Classes = 3 });
        string path = _folder.File("model.onnx");
        OnnxGolden.Write(path, network, options);
        return path;
    }

    private static string[]? Names(int classes) => classes == 0 ? null : [.. Enumerable.Range(0, classes).Select(i => $"class {i}")];

    private static void AssertRefused(string path, string reason) =>
        StringAssert.Contains(Assert.ThrowsExactly<InvalidCheckpointException>(() => VisionTransformerCheckpoint.Load(path).Dispose()).Message, reason);
}
