// Real and hostile safetensors files of the shared folder: sound ones open and agree, the others are refused.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class SharedCheckpointTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void EachBadFile_IsRefusedOrLeftToTheLoaderAsItsIndexSays()
    {
        string folder = SharedData.Path("golden", "bad-checkpoints");
        using var index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "index.json")));
        var wrong = new List<string>();
        int refused = 0, opened = 0;
        foreach (var entry in index.RootElement.GetProperty("files").EnumerateArray())
        {
            string name = entry.GetProperty("file").GetString()!;
            if (!name.EndsWith(".safetensors", StringComparison.Ordinal) && !name.StartsWith("index_", StringComparison.Ordinal))
                continue;
            string? error = Error(Path.Combine(folder, name));
            TestContext.WriteLine($"{name}: {error?.Replace(folder, "", StringComparison.Ordinal) ?? "opens"}");
            (refused, opened) = error is null ? (refused, opened + 1) : (refused + 1, opened);
            if ((error is not null) != (entry.GetProperty("expect").GetString() == "refuse"))
                wrong.Add($"{name}: {error ?? "opens"}");
        }

        Assert.IsEmpty(wrong, string.Join('\n', wrong));
        Assert.IsGreaterThanOrEqualTo(27, refused);
        Assert.IsGreaterThanOrEqualTo(8, opened);
    }

    [TestMethod]
    [DataRow("bad-checkpoints/good.safetensors")]
    [DataRow("bad-checkpoints/expected.safetensors")]
    [DataRow("checkpoints/hf-vit/model.safetensors")]
    public void ASoundFile_HasTheValuesThatAnotherReaderFinds(string file)
    {
        string path = SharedData.Path(["golden", .. file.Split('/')]);
        var expected = SafetensorsFile.Read(path);

        using var found = SafetensorsCheckpoint.Open(path);

        CollectionAssert.AreEquivalent(expected.Names.ToArray(), found.Tensors.Keys.ToArray());
        foreach (string name in expected.Names)
        {
            CollectionAssert.AreEqual(expected.Shape(name), found.Tensors[name].Shape.ToArray(), name);
            CollectionAssert.AreEqual(expected.Floats(name), found.Values(name), name);
        }
    }

    [TestMethod]
    [DataRow("fp16", 1e-3f)]
    [DataRow("bf16", 8e-3f)]
    [DataRow("mixed_bf16_f32", 8e-3f)]
    [DataRow("fp64", 1e-7f)]
    public void AFileOfAnotherType_HoldsTheWeightsRounded(string file, float relative)
    {
        var expected = SafetensorsFile.Read(SharedData.Path("golden", "model", "vit_plain", "weights.safetensors"));

        using var found = SafetensorsCheckpoint.Open(SharedData.Path("golden", "checkpoints", "dtype", file + ".safetensors"));

        CollectionAssert.AreEquivalent(expected.Names.ToArray(), found.Tensors.Keys.ToArray());
        foreach (string name in expected.Names)
        {
            CollectionAssert.AreEqual(expected.Shape(name), found.Tensors[name].Shape.ToArray(), name);
            foreach (var (weight, value) in expected.Floats(name).Zip(found.Values(name)))
                Assert.AreEqual(weight, value, Math.Abs(weight) * relative + 1e-7f, name);    // the smallest of fp16 are rounded to steps of 6e-8
        }
    }

    [TestMethod]
    public void AShardedCheckpoint_EqualsTheSameModelInOneFile()
    {
        var expected = SafetensorsFile.Read(SharedData.Path("golden", "checkpoints", "hf-vit", "model.safetensors"));

        using var found = ShardedSafetensorsCheckpoint.Open(SharedData.Path("golden", "checkpoints", "hf-vit-sharded", "model.safetensors.index.json"));

        CollectionAssert.AreEquivalent(expected.Names.ToArray(), found.Tensors.Keys.ToArray());
        foreach (string name in expected.Names)
        {
            CollectionAssert.AreEqual(expected.Shape(name), found.Tensors[name].Shape.ToArray(), name);
            CollectionAssert.AreEqual(expected.Floats(name), found.Values(name), name);
        }
    }

    /// <summary>The reason why a file, or the sharded checkpoint of a folder, is refused; null where it opens.</summary>
    private static string? Error(string path)
    {
        try
        {
            using CheckpointFile file = Directory.Exists(path)
                ? ShardedSafetensorsCheckpoint.Open(Path.Combine(path, "model.safetensors.index.json"))
                : SafetensorsCheckpoint.Open(path);
            return null;
        }
        catch (InvalidCheckpointException e)
        {
            return e.Message;
        }
    }
}
