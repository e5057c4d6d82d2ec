// Detection of each checkpoint format regardless of the file name, and error messages for files that are not checkpoints.
using System.IO.Compression;
using System.Text;
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Npz;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Pth;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class CheckpointFormatTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void SafetensorsAreRecognised()
    {
        string header = $"{{{SafetensorsBytes.Entry("w", "F32", "[1]", "[0, 4]")}}}";

        Assert.AreEqual(typeof(SafetensorsCheckpoint), KindOf(SafetensorsBytes.Make(header, 0, 0, 128, 63)));
    }

    [TestMethod]
    [DataRow(2)]
    [DataRow(4)]
    public void AHeaderLengthThatLooksLikeAPickleIsStillALength(int second)
    {
        string header = $"{{{SafetensorsBytes.Entry("w", "F32", "[1]", "[0, 4]")}}}".PadRight(0x80 + (second << 8));

        Assert.AreEqual(typeof(SafetensorsCheckpoint), KindOf(SafetensorsBytes.Make(header, 0, 0, 128, 63)));
    }

    [TestMethod]
    public void NumPyArchivesAreRecognised() => Assert.AreEqual(typeof(NpzCheckpoint), KindOf(
        new NpzBuilder().Add("w.npy", NpzBuilder.Array(NpzBuilder.Header("<f4", "(1,)"), NpzBuilder.Floats(1))).ToBytes()));

    [TestMethod]
    public void PyTorchArchivesAreRecognised()
    {
        string path = PthPickle.OneTensor(1, 0, [1], [1]).Save(_folder.File("weights.dat"), ("data/0", new byte[4]));

        using var file = CheckpointFormat.OpenAny(path);

        Assert.IsInstanceOfType<PthCheckpoint>(file);
    }

    [TestMethod]
    public void AnIndexIsRecognised()
    {
        string header = $"{{{SafetensorsBytes.Entry("w", "F32", "[1]", "[0, 4]")}}}";
        File.WriteAllBytes(_folder.File("part.one"), SafetensorsBytes.Make(header, 0, 0, 128, 63));

        Assert.AreEqual(typeof(ShardedSafetensorsCheckpoint), KindOf("""  {"weight_map": {"w": "part.one"}}"""u8.ToArray()));
    }

    [TestMethod]
    [DataRow("", "is empty")]
    [DataRow("version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 12345\n", "Git LFS pointer, not the file itself: run git lfs pull")]
    [DataRow("<!DOCTYPE html><html>", "an HTML or XML page: the download failed")]
    [DataRow("\u00EF\u00BB\u00BF\r\n <html>", "an HTML or XML page: the download failed", DisplayName = "HTML behind a mark of UTF-8")]
    [DataRow("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "an HTML or XML page")]
    [DataRow("""{"model_type": "vit"}""", "has no weight_map")]
    [DataRow("""{"abc": {"weight_map": 1}}""", "has no weight_map", DisplayName = "a brace where safetensors has one")]
    [DataRow("[1, 2]", "a JSON object is expected")]
    [DataRow("{\"error\": ", "is not the JSON expected")]
    [DataRow("\u0080\u0002cos\nsystem\n.", "bare Python pickle")]
    [DataRow("\u0080\u0004\u0095\u001b\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u008c\u0002os.", "bare Python pickle", DisplayName = "zeros in a pickle")]
    [DataRow("PK\u0003\u0004\u0000\u0000\u0000\u0000\u0000\u0000", "corrupt or truncated", DisplayName = "an archive with zeros in it")]
    [DataRow("\u0080\u0002\u008a\u000a\u006c\u00fc\u009c\u0046\u00f9\u0020\u006a\u00a8\u0050\u0019.", "PyTorch used before version 1.6")]
    [DataRow("\u0089HDF\r\n\u001a\n", "is not a checkpoint: it starts with 894844460D0A1A0A. Supported formats are safetensors")]
    [DataRow("hello", "is not a checkpoint: it starts with 68656C6C6F. Supported formats are safetensors")]
    [DataRow("PK", "corrupt or truncated")]
    [DataRow("PK\u0003\u0004 and no more", "corrupt or truncated")]
    [DataRow("\u0008\u0000\u0000\u0000\u0000\u0000\u0000\u0010{", "header claims")]
    [DataRow("\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000", "not a safetensors file or is corrupt")]
    public void WhatIsNoCheckpointIsNamed(string content, string expected)
    {
        string message = Assert.ThrowsExactly<InvalidCheckpointException>(() => KindOf(Encoding.Latin1.GetBytes(content))).Message;

        StringAssert.StartsWith(message, _folder.Path);
        StringAssert.Contains(message, expected);
    }

    [TestMethod]
    public void AnArchiveOfOtherThingsIsNamed()
    {
        string path = _folder.File("weights.dat");
        using (var zip = ZipFile.Open(path, ZipArchiveMode.Create))
            zip.CreateEntry("model/model.safetensors");

        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidCheckpointException>(() => CheckpointFormat.OpenAny(path)).Message, "is a zip archive of 1 entries with neither .npy files");
    }

    [TestMethod]
    [DataRow("none.pth")]
    [DataRow("timm/vit_tiny_patch16_224.augreg_in21k")]
    public void WhatIsNotThereMayBeAnIdOfAHub(string name)
    {
        string message = Assert.ThrowsExactly<FileNotFoundException>(() => CheckpointFormat.OpenAny(Path.Combine(_folder.Path, name))).Message;

        StringAssert.Contains(message, $"{name}: there is no such file or folder");
        StringAssert.Contains(message, "a hub model id (owner/name) is not accepted here");
    }

    [TestMethod]
    [DataRow("")]
    [DataRow(" ")]
    public void ABlankPathIsRefused(string path) => Assert.ThrowsExactly<ArgumentException>(() => CheckpointFormat.OpenAny(path));

    /// <summary>The reader that opens it.</summary>
    private Type KindOf(byte[] content)
    {
        string path = _folder.File("weights.dat");
        File.WriteAllBytes(path, content);
        using var file = CheckpointFormat.OpenAny(path);
        Assert.AreEqual("w", file.Tensors.Keys.Single());
        return file.GetType();
    }
}
