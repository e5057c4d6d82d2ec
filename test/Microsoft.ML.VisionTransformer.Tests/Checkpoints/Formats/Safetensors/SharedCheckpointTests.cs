// Real and malicious safetensors files of the shared folder: valid ones open and agree, the others are rejected.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class SharedCheckpointTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void EachBadFile_IsRefusedOrLeftToTheLoaderAsItsIndexSays()
    {
        string folder = TestData.Path("golden", "bad-checkpoints");
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
        string path = TestData.Path(["golden", .. file.Split('/')]);
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
    [DataRow("fp16", 32, 5e-4f, 3.1e-8f, DisplayName = "fp16: half of the last of 11 bits, or of the smallest number")]
    [DataRow("bf16", 32, 4e-3f, 0f, DisplayName = "bf16: half of the last of 8 bits")]
    [DataRow("mixed_bf16_f32", 32, 4e-3f, 0f, DisplayName = "mixed_bf16_f32: as bf16")]
    [DataRow("fp64", 8, 0f, 0f, DisplayName = "fp64: exact; the file has no blocks")]
    public void AFileOfAnotherType_HoldsTheWeightsRounded(string file, int count, float relative, float absolute)
    {
        var expected = SafetensorsFile.Read(TestData.Path("golden", "model", "vit_plain", "weights.safetensors"));

        using var found = SafetensorsCheckpoint.Open(TestData.Path("golden", "checkpoints", "dtype", file + ".safetensors"));

        Assert.HasCount(count, found.Tensors);
        foreach (string name in found.Tensors.Keys)
        {
            CollectionAssert.AreEqual(expected.Shape(name), found.Tensors[name].Shape.ToArray(), name);
            foreach (var (weight, value) in expected.Floats(name).Zip(found.Values(name)))
                Assert.AreEqual(weight, value, Math.Abs(weight) * relative + absolute, name);
        }
    }

    [TestMethod]
    public void AShardedCheckpoint_EqualsTheSameModelInOneFile()
    {
        var expected = SafetensorsFile.Read(TestData.Path("golden", "checkpoints", "hf-vit", "model.safetensors"));

        using var found = ShardedSafetensorsCheckpoint.Open(TestData.Path("golden", "checkpoints", "hf-vit-sharded", "model.safetensors.index.json"));

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
