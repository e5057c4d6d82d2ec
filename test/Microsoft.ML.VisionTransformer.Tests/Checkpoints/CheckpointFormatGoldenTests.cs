// Checkpoints written by the frameworks, valid and malicious, opened under a neutral file name.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Npz;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Pth;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class CheckpointFormatGoldenTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void EveryCheckpointIsOpenedAsWhatItIs()
    {
        string root = TestData.Path("golden", "checkpoints");
        string[] files = [.. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Where(f => Path.GetExtension(f) is not (".json" or ".md"))];
        foreach (string path in files.Where(f => Path.GetFileName(f) != "legacy.pth"))
        {
            using var expected = OpenByExtension(path);
            using var found = CheckpointFormat.OpenAny(Disguise(path));

            Assert.AreEqual(expected.GetType(), found.GetType(), path);
            CollectionAssert.AreEquivalent(expected.Tensors.Keys.ToArray(), found.Tensors.Keys.ToArray(), path);
        }

        TestContext.WriteLine($"{files.Length} files");
        Assert.IsGreaterThanOrEqualTo(40, files.Length);
    }

    [TestMethod]
    public void PyTorchsOldFormatIsNamed() => StringAssert.Contains(
        Assert.ThrowsExactly<InvalidCheckpointException>(
            () => CheckpointFormat.OpenAny(Disguise(TestData.Path("golden", "checkpoints", "pytorch", "legacy.pth")))).Message,
        "PyTorch used before version 1.6");

    [TestMethod]
    public void AShardedCheckpointIsOpenedByItsIndexOrItsFolder()
    {
        string source = TestData.Path("golden", "checkpoints", "hf-vit-sharded");
        foreach (string path in Directory.EnumerateFiles(source))
        {
            string name = Path.GetFileName(path).Replace("model.safetensors.index.json", "weights.dat", StringComparison.Ordinal);
            File.WriteAllBytes(_folder.File(name), File.ReadAllBytes(path));
        }


        using var expected = CheckpointFormat.OpenAny(source);
        using var found = CheckpointFormat.OpenAny(_folder.File("weights.dat"));

        Assert.IsInstanceOfType<ShardedSafetensorsCheckpoint>(expected);
        Assert.IsInstanceOfType<ShardedSafetensorsCheckpoint>(found);
        CollectionAssert.AreEquivalent(expected.Tensors.Keys.ToArray(), found.Tensors.Keys.ToArray());
    }

    [TestMethod]
    public void EveryConfigurationIsToldFromAnIndex()
    {
        foreach (string path in Directory.EnumerateFiles(TestData.Path("golden", "checkpoints"), "*config.json", SearchOption.AllDirectories))
            StringAssert.Contains(Assert.ThrowsExactly<InvalidCheckpointException>(() => CheckpointFormat.OpenAny(path), path).Message, "has no weight_map");
    }

    [TestMethod]
    public void EveryBadFileIsToldApart_AndRefusedWhereItsIndexSaysSo()
    {
        string folder = TestData.Path("golden", "bad-checkpoints");
        using var index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "index.json")));
        var wrong = new List<string>();
        int count = 0;
        foreach (var entry in index.RootElement.GetProperty("files").EnumerateArray())
        {
            string name = entry.GetProperty("file").GetString()!, path = Path.Combine(folder, name);
            string? error = Error(Directory.Exists(path) ? path : Disguise(path));
            TestContext.WriteLine($"{name}: {error?.Replace(_folder.Path, "", StringComparison.Ordinal) ?? "opens"}");
            bool unknown = error?.Contains("is not a checkpoint: it starts with", StringComparison.Ordinal) == true;
            if ((error is not null) != (entry.GetProperty("expect").GetString() == "refuse")
                || unknown != (name is "pth_not_a_checkpoint.pth" or "seven_bytes.safetensors"))
                wrong.Add($"{name}: {error ?? "opens"}");
            count++;
        }

        Assert.IsEmpty(wrong, string.Join('\n', wrong));
        Assert.AreEqual(69, count);
        Assert.IsFalse(File.Exists(Path.Combine(Path.GetTempPath(), "pwned")));
        Assert.IsFalse(File.Exists("pwned"));
    }

    /// <summary>A copy named weights.dat, in a folder of its own.</summary>
    private string Disguise(string path)
    {
        string copy = _folder.File(Guid.NewGuid().ToString("n"), "weights.dat");
        File.WriteAllBytes(copy, File.ReadAllBytes(path));
        return copy;
    }

    private static CheckpointFile OpenByExtension(string path) => Path.GetExtension(path) switch
    {
        ".safetensors" => SafetensorsCheckpoint.Open(path),
        ".npz" => NpzCheckpoint.Open(path),
        _ => PthCheckpoint.Open(path),
    };

    /// <summary>The error for the file or one of its floating-point tensors; null if everything is read.</summary>
    private static string? Error(string path)
    {
        try
        {
            using var file = CheckpointFormat.OpenAny(path);
            foreach (string name in file.Tensors.Keys.Where(n => file.Tensors[n].Type != StoredType.Other))
                file.Values(name);
            return null;
        }
        catch (InvalidCheckpointException e)
        {
            return e.Message;
        }
    }
}
