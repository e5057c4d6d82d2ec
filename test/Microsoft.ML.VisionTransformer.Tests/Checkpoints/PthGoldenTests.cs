// PyTorch files written by PyTorch, valid and malicious, compared with the same weights as safetensors.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Pth;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class PthGoldenTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("state_dict.pth", null)]
    [DataRow("protocol4.pth", null)]
    [DataRow("views_of_one_storage.pth", null)]
    [DataRow("model_epoch.pth", "model")]
    [DataRow("args_namespace_no_blocks.pth", "model")]
    public void TheWeightsEqualThoseInSafetensors(string name, string? key)
    {
        using var file = PthCheckpoint.Open(Checkpoint("pytorch", name));
        var expected = SafetensorsFile.Read(Checkpoint("timm", "model.safetensors"));

        Assert.AreEqual(key, file.StateDictKey);
        bool withBlocks = !name.Contains("no_blocks", StringComparison.Ordinal);
        AssertEqual(expected, file, expected.Names.Where(n => withBlocks || !n.StartsWith("blocks.", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void AveragedWeightsAreTakenAsTimmTakesThem()
    {
        using var file = PthCheckpoint.Open(Checkpoint("pytorch", "with_ema_no_blocks.pth"));
        float[] trained = SafetensorsFile.Read(Checkpoint("timm", "model.safetensors")).Floats("head.weight");

        Assert.AreEqual("state_dict_ema", file.StateDictKey);
        CollectionAssert.AreEqual(trained.Select(v => v / 2).ToArray(), Values(file.Tensors["head.weight"]));
    }

    [TestMethod]
    public void AGoodFileEqualsItsReplica()
    {
        var expected = SafetensorsFile.Read(TestData.Path("golden", "bad-checkpoints", "good.safetensors"));
        using var file = PthCheckpoint.Open(TestData.Path("golden", "bad-checkpoints", "good.pth"));

        AssertEqual(expected, file, expected.Names);
    }

    [TestMethod]
    [DataRow("pytorch/training_module_prefix.pth", "state_dict", "FloatStorage")]
    [DataRow("pytorch/fp16.pth", null, "HalfStorage")]
    [DataRow("pytorch/bf16.pth", null, "BFloat16Storage")]
    [DataRow("torchvision/vit.pth", null, "FloatStorage")]
    [DataRow("torchvision/vit_mlp_linear_names.pth", null, "FloatStorage")]
    [DataRow("dinov2-original/dinov2_reg4_mlp.pth", null, "FloatStorage")]
    [DataRow("dinov2-original/dinov2_reg4_swiglu.pth", null, "FloatStorage")]
    [DataRow("dinov3-original/dinov3_swiglu.pth", null, "FloatStorage")]
    [DataRow("dinov3-original/dinov3_qkvb_avg.pth", null, "FloatStorage")]
    public void EveryTensorIsRead(string name, string? key, string type)
    {
        using var file = PthCheckpoint.Open(Checkpoint(name.Split('/')));

        Assert.AreEqual(key, file.StateDictKey);
        Assert.AreEqual(type, file.Tensors.Values.First().TypeName);
        foreach (var tensor in file.Tensors.Values)
            Assert.IsTrue(Array.TrueForAll(Values(tensor), float.IsFinite), tensor.Name);
    }

    [TestMethod]
    public void TheOldFormatIsRefusedWithAHint() =>
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidCheckpointException>(() => PthCheckpoint.Open(Checkpoint("pytorch", "legacy.pth"))).Message,
            "_use_new_zipfile_serialization=True");

    [TestMethod]
    public void EveryHostileFileIsRefusedAndRunsNothing()
    {
        string folder = TestData.Path("golden", "bad-checkpoints");
        using var index = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "index.json")));
        string[] hostile = [.. index.RootElement.GetProperty("files").EnumerateArray().Where(f => f.GetProperty("expect").GetString() == "refuse")
            .Select(f => f.GetProperty("file").GetString()!).Where(n => Path.GetExtension(n) is ".pth" or ".bin")];

        Assert.HasCount(24, hostile);
        foreach (string name in hostile)
        {
            var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => PthCheckpoint.Open(Path.Combine(folder, name)).Dispose(), name);
            TestContext.WriteLine($"{name}: {error.Message}");
        }

        Assert.IsFalse(File.Exists(Path.Combine(Path.GetTempPath(), "pwned")));
        Assert.IsFalse(File.Exists("pwned"));
        Assert.IsFalse(File.Exists(Path.Combine(folder, "pwned")));
    }

    private static string Checkpoint(params string[] parts) => TestData.Path(["golden", "checkpoints", .. parts]);

    private static void AssertEqual(SafetensorsFile expected, PthCheckpoint actual, IEnumerable<string> names)
    {
        CollectionAssert.AreEquivalent(names.ToArray(), actual.Tensors.Keys.ToArray());
        foreach (string name in names)
        {
            CollectionAssert.AreEqual(expected.Shape(name), actual.Tensors[name].Shape.ToArray(), name);
            CollectionAssert.AreEqual(Bits(expected.Floats(name)), Bits(Values(actual.Tensors[name])), name);
        }
    }

    private static int[] Bits(float[] values) => Array.ConvertAll(values, BitConverter.SingleToInt32Bits);

    private static float[] Values(StoredTensor tensor)
    {
        float[] values = new float[tensor.Count];
        tensor.CopyTo(values);
        return values;
    }
}
