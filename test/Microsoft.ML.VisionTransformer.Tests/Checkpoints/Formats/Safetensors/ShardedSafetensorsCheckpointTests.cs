// An index and its shards form one checkpoint; an index that points elsewhere is rejected.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Formats.Safetensors;

[TestClass]
public sealed class ShardedSafetensorsCheckpointTests
{
    [TestMethod]
    public void TensorsOfAllShards_AreOneCheckpoint()
    {
        using var folder = new TemporaryFolder();
        string index = WriteIndex(folder, new() { ["a"] = "1.safetensors", ["b"] = "2.safetensors", ["c"] = "1.safetensors" });
        SafetensorsWriter.Write(folder.File("1.safetensors"), [("a", [1], new[] { 1f }), ("c", [1], new[] { 3f }), ("unnamed", [1], new[] { 4f })]);
        SafetensorsWriter.Write(folder.File("2.safetensors"), [("b", [1], new[] { 2f })]);

        using (var file = ShardedSafetensorsCheckpoint.Open(index))
        {
            CollectionAssert.AreEqual(new[] { "a", "b", "c" }, file.Tensors.Keys.Order().ToArray());
            CollectionAssert.AreEqual(new[] { 2f }, file.Values("b"));
            CollectionAssert.AreEqual(new[] { 3f }, file.Values("c"));
        }

        AssertFree(folder.File("1.safetensors"));
        AssertFree(folder.File("2.safetensors"));
    }

    [TestMethod]
    [DataRow("../1.safetensors")]
    [DataRow("..\\1.safetensors")]
    [DataRow("sub/1.safetensors")]
    [DataRow("/1.safetensors")]
    [DataRow("C:1.safetensors")]
    [DataRow("1.safetensors\0")]
    [DataRow("..")]
    [DataRow("")]
    public void AShardThatIsNoPlainName_IsRefusedAlthoughItExists(string file)
    {
        using var folder = new TemporaryFolder();
        string index = WriteIndex(folder, new() { ["head.bias"] = file }, "inner");
        foreach (string position in new[] { folder.File("1.safetensors"), folder.File("inner", "sub", "1.safetensors") })
            SafetensorsWriter.Write(position, [("head.bias", [1], new[] { 1f })]);

        AssertRefused(index, "head.bias", "plain name");
    }

    [TestMethod]
    public void AMissingShard_IsNamedAndTheOthersAreFree()
    {
        using var folder = new TemporaryFolder();
        string index = WriteIndex(folder, new() { ["a"] = "1.safetensors", ["b"] = "2.safetensors" });
        SafetensorsWriter.Write(folder.File("1.safetensors"), [("a", [1], new[] { 1f })]);

        AssertRefused(index, "2.safetensors");

        AssertFree(folder.File("1.safetensors"));
    }

    [TestMethod]
    public void AShardThatIsAFolder_IsNamed()
    {
        using var folder = new TemporaryFolder();
        string index = WriteIndex(folder, new() { ["a"] = "inner" });
        Directory.CreateDirectory(folder.File("inner"));

        AssertRefused(index, "the shard inner");
    }

    [TestMethod]
    public void ATensorThatItsShardLacks_IsNamed()
    {
        using var folder = new TemporaryFolder();
        string index = WriteIndex(folder, new() { ["head.bias"] = "1.safetensors" });
        SafetensorsWriter.Write(folder.File("1.safetensors"), [("a", [1], new[] { 1f })]);

        AssertRefused(index, "head.bias", "1.safetensors");

        AssertFree(folder.File("1.safetensors"));
    }

    [TestMethod]
    [DataRow("{}", "no weight_map")]
    [DataRow("[]", "JSON array")]
    [DataRow("", "not the JSON")]
    [DataRow("""{"weight_map": []}""", "JSON array")]
    [DataRow("""{"weight_map": {"a": 1}}""", "JSON number")]
    [DataRow("""{"weight_map": {"a": "1", "a": "2"}}""", "name a twice")]
    public void ABrokenIndex_IsRefused(string content, string reason)
    {
        using var folder = new TemporaryFolder();
        string index = folder.File("model.safetensors.index.json");
        File.WriteAllText(index, content);

        AssertRefused(index, reason);
    }

    private static string WriteIndex(TemporaryFolder folder, Dictionary<string, string> map, string subfolder = "")
    {
        string index = folder.File(subfolder, "model.safetensors.index.json");
        File.WriteAllText(index, JsonSerializer.Serialize(new { metadata = new { total_size = 4 }, weight_map = map }));
        return index;
    }

    private static void AssertRefused(string index, params string[] reasons)
    {
        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => ShardedSafetensorsCheckpoint.Open(index));

        foreach (string reason in reasons.Append("model.safetensors.index.json"))
            StringAssert.Contains(error.Message, reason);
    }

    private static void AssertFree(string path)
    {
        using var exclusive = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
    }
}
