// PyTorch files with a changed byte: the archive's checksums detect it when a tensor is read.
using System.Buffers.Binary;
using System.IO.Hashing;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Pth;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class PthChecksumTests : IDisposable
{
    private static readonly float[] _values = [11, 12, 13, 14, 15, 16];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(0, 6, DisplayName = "all of the storage")]
    [DataRow(0, 2, DisplayName = "a part of it that the change is not in")]
    [DataRow(4, 2, DisplayName = "a part of it that the change is in")]
    public void AChangedByteIsFoundWhenATensorOfTheStorageIsRead(int offset, int length)
    {
        string path = Save(PthPickle.OneTensor(6, offset, [length], [1]));
        Change(path, PthPickle.Floats(_values), at: 5 * sizeof(float));

        using var file = PthCheckpoint.Open(path);
        string message = Assert.ThrowsExactly<InvalidCheckpointException>(() => file.Values("w")).Message;

        StringAssert.StartsWith(message, path);
        StringAssert.Contains(message, "any/data/0");
    }

    [TestMethod]
    public void AChangedByteInThePickleIsFoundAtOnce()
    {
        string path = Save(PthPickle.OneTensor(6, 0, [6], [1]));
        Change(path, "_rebuild_tensor_v2"u8, at: 0);

        StringAssert.Contains(Assert.ThrowsExactly<InvalidCheckpointException>(() => PthCheckpoint.Open(path)).Message, "corrupt");
    }

    [TestMethod]
    public void ATensorIsReadTwiceAndInParts()
    {
        var pickle = new PthPickle().Code("}").Text("first").Tensor(6, 0, [2], [1]).Code("s").Text("all").Tensor(6, 0, [6], [1]).Code("s.");
        using var file = PthCheckpoint.Open(Save(pickle));

        CollectionAssert.AreEqual(_values[..2], file.Values("first"));
        CollectionAssert.AreEqual(_values, file.Values("all"));
        CollectionAssert.AreEqual(_values[..2], file.Values("first"));
    }

    /// <summary>What <c>torch.serialization.set_crc32_options(False)</c> makes PyTorch write.</summary>
    [TestMethod]
    public void AChecksumThatWasNotComputedIsNotCompared()
    {
        string path = Save(PthPickle.OneTensor(6, 0, [6], [1]));
        byte[] content = File.ReadAllBytes(path);
        uint crc = Crc32.HashToUInt32(PthPickle.Floats(_values));
        byte[] stored = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(stored, crc);
        int replaced = 0;
        for (int at; (at = content.AsSpan().IndexOf(stored)) >= 0; replaced++)
            content.AsSpan(at, stored.Length).Clear();
        File.WriteAllBytes(path, content);

        Assert.AreEqual(2, replaced);    // beside the entry and in the directory at the end
        using var file = PthCheckpoint.Open(path);
        CollectionAssert.AreEqual(_values, file.Values("w"));
    }

    private string Save(PthPickle pickle) => pickle.Save(_folder.File("a.pth"), ("data/0", PthPickle.Floats(_values)));

    /// <summary>Finds the bytes in the file and flips a bit of the byte at the given offset within them.</summary>
    private static void Change(string path, ReadOnlySpan<byte> position, int at)
    {
        byte[] content = File.ReadAllBytes(path);
        content[content.AsSpan().IndexOf(position) + at] ^= 1;
        File.WriteAllBytes(path, content);
    }
}
