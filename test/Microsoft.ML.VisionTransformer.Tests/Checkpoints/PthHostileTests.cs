// PyTorch files with one defect each: all are rejected with a message that states the defect.
using System.IO.Compression;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Pth;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

[TestClass]
public sealed class PthHostileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("cos\nsystem\n.", "because it references os.system")]
    [DataRow("ctorch\nload\n.", "because it references torch.load")]
    [DataRow("(ios\nsystem\n.", "because it references os.system")]
    [DataRow("cos\u0007\nsystem\n.", "os?.system")]
    [DataRow("ccollections\nOrderedDict\nK\u0001\u0085R.", "it calls collections.OrderedDict with arguments")]
    [DataRow("ctorch\nFloatStorage\n)R.", "it calls torch.FloatStorage with arguments")]
    [DataRow("cargparse\nNamespace\n)R.", "it calls argparse.Namespace with arguments")]
    [DataRow("]}b.", "attributes are set on an object")]
    [DataRow("o.", "operation 0x6f")]
    [DataRow("\u0082\u0001.", "operation 0x82")]
    [DataRow("R.", "empty stack")]
    [DataRow("K\u0001(0.", "empty stack")]
    [DataRow("t.", "mark that was never set")]
    [DataRow("h\u0005.", "the memo has no value 5")]
    [DataRow("]K\u0001K\u0001s.", "no dict")]
    [DataRow("}]K\u0001s.", "a key that is")]
    [DataRow("}K\u0001NsK\u0001Ns.", "the key 1 twice")]
    [DataRow("}(K\u0001u.", "key without a value")]
    [DataRow("NQ.", "a storage description does not")]
    [DataRow("ctorch._utils\n_rebuild_tensor_v2\n)R.", "a tensor description does not")]
    [DataRow("X\u00ff\u00ff\u00ff\u007fabc", "2147483647 bytes are declared, but only 3 are left")]
    [DataRow("\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff", "18446744073709551615 bytes are declared")]
    [DataRow("\u0095\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff", "a frame of")]
    [DataRow("\u008a\u00ff\u0001", "255 bytes are declared, but only 1 are left")]
    [DataRow("X\u0001\u0000\u0000\u0000\u00ff.", "not valid UTF-8")]
    [DataRow("cos", "a line is not terminated")]
    [DataRow("N", "1 bytes are declared, but only 0 are left")]
    [DataRow(".", "empty stack")]
    [DataRow("].", "contains a list")]
    [DataRow("}.", "no tensors")]
    [DataRow("\u0080\u0006.", "protocol is 6")]
    public void ABrokenPickleIsRefused(string operations, string expected) =>
        Refused(new PthPickle().Raw(Array.ConvertAll(operations.ToCharArray(), c => (byte)c)), expected);

    [TestMethod]
    public void ANestThatWouldOverflowTheStackIsWalkedWithoutRecursion() =>
        Refused(new PthPickle().Code(new string(']', 500_000) + new string('a', 499_999) + "."), "contains a list");

    [TestMethod]
    public void AListThatHoldsItselfIsRefused() => Refused(new PthPickle().Code("]q\u0000h\u0000a."), "contains a list");

    [TestMethod]
    public void MoreOperationsThanAnyCheckpointHasAreRefused() =>
        Refused(new PthPickle().Code(new string('N', PickleMachine.MaxOperations) + "."), "more than 2000000 operations");

    [TestMethod]
    [DataRow(7, 0, new[] { 6 }, new[] { 1 }, "needs 7 values of 4 bytes in any/data/0, which has 24 bytes")]
    [DataRow(6, 0, new[] { 7 }, new[] { 1 }, "exceeds its storage of 6 values")]
    [DataRow(6, 1, new[] { 6 }, new[] { 1 }, "exceeds its storage")]
    [DataRow(6, 7, new[] { 0 }, new[] { 1 }, "exceeds its storage")]
    [DataRow(6, 0, new[] { 2, 3 }, new[] { 4, 1 }, "exceeds its storage")]
    [DataRow(6, 0, new[] { int.MaxValue }, new[] { 0 }, "exceeds its storage")]
    [DataRow(6, 0, new[] { int.MaxValue, int.MaxValue, int.MaxValue }, new[] { 0, 0, 0 }, "exceeds its storage")]
    [DataRow(6, 0, new[] { int.MaxValue, int.MaxValue, int.MaxValue }, new[] { int.MaxValue, int.MaxValue, int.MaxValue }, "exceeds its storage")]
    [DataRow(6, -1, new[] { 1 }, new[] { 1 }, "a tensor description does not")]
    [DataRow(6, 0, new[] { -1 }, new[] { 1 }, "not a non-negative integer")]
    [DataRow(6, 0, new[] { 2 }, new[] { -1 }, "not a non-negative integer")]
    [DataRow(6, 0, new[] { 2, 3 }, new[] { 1 }, "a tensor description does not")]
    [DataRow(-1, 0, new[] { 1 }, new[] { 1 }, "a storage description does not")]
    public void ATensorOutsideItsStorageIsRefused(int count, int offset, int[] shape, int[] strides, string expected) =>
        Refused(PthPickle.OneTensor(count, offset, shape, strides), expected, ("data/0", new byte[24]));

    [TestMethod]
    public void AMissingStorageIsNamed() => Refused(PthPickle.OneTensor(6, 0, [6], [1]), "w is in the storage 0, which the file does not have");

    [TestMethod]
    public void BigEndianNumbersAreRefused() =>
        Refused(PthPickle.OneTensor(6, 0, [6], [1]), "big-endian", ("data/0", new byte[24]), ("byteorder", "big"u8.ToArray()));

    [TestMethod]
    public void AProgramIsRefused() => Refused(PthPickle.OneTensor(6, 0, [6], [1]), "TorchScript", ("data/0", new byte[24]), ("code/a.py", []));

    [TestMethod]
    public void AnEntryThatIsThereTwiceIsRefused() =>
        Refused(PthPickle.OneTensor(6, 0, [6], [1]), "has the entry any/data/0 twice", ("data/0", new byte[24]), ("data/0", new byte[24]));

    [TestMethod]
    public void ACompressedStorageIsRefused()
    {
        string path = PthPickle.OneTensor(6, 0, [6], [1]).Save(_folder.File("a.pth"));
        using (var zip = ZipFile.Open(path, ZipArchiveMode.Update))
        using (var entry = zip.CreateEntry("any/data/0", CompressionLevel.Optimal).Open())
            entry.Write(new byte[24]);

        StringAssert.Contains(Assert.ThrowsExactly<InvalidCheckpointException>(() => PthCheckpoint.Open(path)).Message, "any/data/0 is compressed");
    }

    [TestMethod]
    [DataRow("", "is empty")]
    [DataRow("PK\u0003\u0004 and no more", "corrupt or truncated")]
    [DataRow("\u0080\u0002cos\nsystem\n.", "bare Python pickle")]
    [DataRow("\n<html>", "web page")]
    [DataRow("hello", "does not start like a zip")]
    public void AFileThatIsNoArchiveIsExplained(string content, string expected)
    {
        string path = _folder.File("a.pth");
        File.WriteAllBytes(path, Array.ConvertAll(content.ToCharArray(), c => (byte)c));

        StringAssert.Contains(Assert.ThrowsExactly<InvalidCheckpointException>(() => PthCheckpoint.Open(path)).Message, expected);
    }

    [TestMethod]
    public void AMissingFileIsNamed() =>
        StringAssert.Contains(Assert.ThrowsExactly<InvalidCheckpointException>(() => PthCheckpoint.Open(_folder.File("none.pth"))).Message, "cannot be opened");

    private void Refused(PthPickle pickle, string expected, params (string Name, byte[] Content)[] entries)
    {
        string path = pickle.Save(_folder.File("a.pth"), entries);

        string message = Assert.ThrowsExactly<InvalidCheckpointException>(() => PthCheckpoint.Open(path).Dispose()).Message;

        StringAssert.StartsWith(message, path);
        StringAssert.Contains(message, expected);
    }
}
