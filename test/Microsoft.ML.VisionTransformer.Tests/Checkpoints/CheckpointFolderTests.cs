// Selection of the checkpoint file in a folder.
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Pth;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class CheckpointFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("model.safetensors", "model.safetensors model.safetensors.index.json pytorch_model.bin open_clip_model.safetensors other.npz")]
    [DataRow("model.safetensors.index.json", "model.safetensors.index.json model-1.safetensors model-2.safetensors pytorch_model.bin")]
    [DataRow("pytorch_model.bin", "pytorch_model.bin open_clip_model.safetensors optimizer.pt")]
    [DataRow("open_clip_model.safetensors", "open_clip_model.safetensors other.safetensors")]
    [DataRow("vit.NPZ", "vit.NPZ config.json README.md")]
    [DataRow("vit.pth", "vit.pth")]
    [DataRow("model.onnx", "model.onnx")]
    [DataRow("vit.ONNX", "vit.ONNX vit.ONNX.data README.md")]
    [DataRow("vit.pth", "vit.pth model.onnx")]
    public void TheFirstOfTheUsualNamesIsTaken_OrTheOnlyCheckpoint(string expected, string files)
    {
        Fill(files);

        Assert.AreEqual(Path.Combine(_folder.Path, expected), CheckpointFolder.Find(_folder.Path));
    }

    [TestMethod]
    [DataRow("", "has no files.")]
    [DataRow("config.json README.md", "has no checkpoint among its 2 files: README.md, config.json.")]
    [DataRow("a.onnx b.onnx", "has 2 files that may be the checkpoint: a.onnx, b.onnx.")]
    [DataRow("a.pth b.npz config.json", "has 2 files that may be the checkpoint: a.pth, b.npz.")]
    [DataRow("1.pt 2.pt 3.pt 4.pt 5.pt 6.pt 7.pt 8.pt 9.pt", "has 9 files that may be the checkpoint: 1.pt, 2.pt, 3.pt, 4.pt, 5.pt, 6.pt, 7.pt, 8.pt, ....")]
    public void WithoutAChoice_TheErrorListsWhatIsThereAndWhatWasLookedFor(string files, string expected)
    {
        Fill(files);

        string message = Assert.ThrowsExactly<FileNotFoundException>(() => CheckpointFormat.OpenAny(_folder.Path)).Message;

        StringAssert.StartsWith(message, $"{_folder.Path} {expected}");
        StringAssert.Contains(message, "model.safetensors, model.safetensors.index.json, pytorch_model.bin, open_clip_model.safetensors");
    }

    [TestMethod]
    public void TheFileInAFolder_IsOpenedByItsContent()
    {
        PthPickle.OneTensor(1, 0, [1], [1]).Save(_folder.File("model.safetensors"), ("data/0", new byte[4]));

        using var file = CheckpointFormat.OpenAny(_folder.Path);

        Assert.IsInstanceOfType<PthCheckpoint>(file);
    }

    private void Fill(string files)
    {
        foreach (string name in files.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            File.WriteAllText(_folder.File(name), "");
    }
}
