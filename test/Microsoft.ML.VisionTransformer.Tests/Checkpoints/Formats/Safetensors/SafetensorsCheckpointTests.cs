// Safetensors files are read bit-exactly, and a corrupt file is rejected with location and values.
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static Microsoft.ML.VisionTransformer.Tests.Support.SafetensorsBytes;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Formats.Safetensors;

[TestClass]
public sealed class SafetensorsCheckpointTests
{
    [TestMethod]
    [DataRow("F32", "0000803F 00000040 000080BF", new[] { 1f, 2f, -1f })]
    [DataRow("F16", "003C 0100 00FC", new[] { 1f, 5.9604645e-8f, float.NegativeInfinity })]
    [DataRow("BF16", "803F 4940 0100", new[] { 1f, 3.140625f, 9.1835496e-41f })]
    [DataRow("F64", "000000000000F03F 9A9999999999B93F 000000000000F0BF", new[] { 1f, 0.1f, -1f })]
    public void AFloatingPointType_IsReadAsFloats(string type, string hex, float[] expected)
    {
        byte[] data = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        using var folder = new TemporaryFolder();
        using var file = Open(folder, Make($"{{ {Entry("a", type, "[3, 1]", $"[0, {data.Length}]")} }}", data));

        var tensor = file.Tensors["a"];
        float[] values = new float[3];
        tensor.CopyTo(values);

        Assert.AreEqual(type, tensor.TypeName);
        CollectionAssert.AreEqual(new long[] { 3, 1 }, tensor.Shape.ToArray());
        CollectionAssert.AreEqual(expected, values);
    }

    [TestMethod]
    public void TensorsLieWhereTheirOffsetsSay_InAnyOrderOfTheHeader()
    {
        using var folder = new TemporaryFolder();
        string header = $"{{ {Entry("b", "F32", "[]", "[8, 12]")}, {Entry("none", "F32", "[0, 7]", "[8, 8]")}, {Entry("a", "F32", "[2]", "[0, 8]")} }}   ";
        using var file = Open(folder, Make(header, [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40]));

        CollectionAssert.AreEqual(new[] { 1f, 2f }, file.Values("a"));
        CollectionAssert.AreEqual(new[] { 3f }, file.Values("b"));
        CollectionAssert.AreEqual(Array.Empty<float>(), file.Values("none"));
    }

    [TestMethod]
    [DataRow("BOOL", 1)]
    [DataRow("U8", 1)]
    [DataRow("I8", 1)]
    [DataRow("U16", 2)]
    [DataRow("I16", 2)]
    [DataRow("U32", 4)]
    [DataRow("I32", 4)]
    [DataRow("U64", 8)]
    [DataRow("I64", 8)]
    [DataRow("F8_E4M3", 1)]
    [DataRow("F8_E5M2", 1)]
    public void ATypeThatIsNoWeight_OpensAndIsRefusedWhenRead(string type, int width)
    {
        using var folder = new TemporaryFolder();
        using var file = Open(folder, Make($"{{ {Entry("steps", type, "[1]", $"[0, {width}]")} }}", new byte[width]));

        Assert.AreEqual(StoredType.Other, file.Tensors["steps"].Type);
        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => file.Tensors["steps"].CopyTo(new float[1]));

        StringAssert.Contains(error.Message, "steps");
        StringAssert.Contains(error.Message, type);
    }

    [TestMethod]
    public void ABufferOfAnotherLength_IsTheCallersError()
    {
        using var folder = new TemporaryFolder();
        using var file = Open(folder, Make($"{{ {Entry("a", "F32", "[2]", "[0, 8]")} }}", new byte[8]));

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => file.Tensors["a"].CopyTo(new float[1]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => file.Tensors["a"].CopyTo(new float[3]));
    }

    [TestMethod]
    public void Metadata_IsNoTensor()
    {
        using var folder = new TemporaryFolder();
        using var file = Open(folder, Make("""{"__metadata__": {"format": "pt", "note": "grün"}}"""));

        Assert.IsEmpty(file.Tensors);
        Assert.HasCount(2, file.Metadata);
        Assert.AreEqual("grün", file.Metadata["note"]);
    }

    [TestMethod]
    public void AfterDispose_TheFileIsFreeAndReadingThrows()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        File.WriteAllBytes(path, Make($"{{ {Entry("a", "F32", "[2]", "[0, 8]")} }}", new byte[8]));
        var file = SafetensorsCheckpoint.Open(path);
        file.Dispose();

        using (var exclusive = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            Assert.AreNotEqual(0, exclusive.Length);
        File.Delete(path);
        Assert.ThrowsExactly<ObjectDisposedException>(() => file.Tensors["a"].CopyTo(new float[2]));
    }

    [TestMethod]
    public void ARefusedFile_IsFree()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        File.WriteAllBytes(path, Make("[]"));

        Assert.ThrowsExactly<InvalidCheckpointException>(() => SafetensorsCheckpoint.Open(path));

        using var exclusive = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
    }

    [TestMethod]
    [DataRow("""{"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}""", "needs 8", DisplayName = "more values than bytes")]
    [DataRow("""{"dtype": "F64", "shape": [1], "data_offsets": [0, 4]}""", "needs 8", DisplayName = "wider than its bytes")]
    [DataRow("""{"dtype": "F33", "shape": [1], "data_offsets": [0, 4]}""", "F33", DisplayName = "unknown type")]
    [DataRow("""{"dtype": 32, "shape": [1], "data_offsets": [0, 4]}""", "dtype is JSON number", DisplayName = "type is a number")]
    [DataRow("""{"shape": [1], "data_offsets": [0, 4]}""", "no dtype", DisplayName = "no type")]
    [DataRow("""{"dtype": "F32", "data_offsets": [0, 4]}""", "no shape", DisplayName = "no shape")]
    [DataRow("""{"dtype": "F32", "shape": [1]}""", "no data_offsets", DisplayName = "no offsets")]
    [DataRow("""{"dtype": "F32", "dtype": "F32", "shape": [1], "data_offsets": [0, 4]}""", "dtype twice", DisplayName = "type twice")]
    [DataRow("""{"dtype": "F32", "shape": "1", "data_offsets": [0, 4]}""", "shape is JSON string", DisplayName = "shape is a text")]
    [DataRow("""{"dtype": "F32", "shape": [-1, -1], "data_offsets": [0, 4]}""", "shape[0] is -1", DisplayName = "negative sizes")]
    [DataRow("""{"dtype": "F32", "shape": [1.0], "data_offsets": [0, 4]}""", "shape[0] is 1.0", DisplayName = "size with a point")]
    [DataRow("""{"dtype": "F32", "shape": ["1"], "data_offsets": [0, 4]}""", "shape[0] is \"1\"", DisplayName = "size is a text")]
    [DataRow("""{"dtype": "F32", "shape": [4294967296, 4294967296], "data_offsets": [0, 4]}""", "more values", DisplayName = "values overflow")]
    [DataRow("""{"dtype": "F32", "shape": [4611686018427387905], "data_offsets": [0, 4]}""", "more values", DisplayName = "bytes overflow")]
    [DataRow("""{"dtype": "F32", "shape": [18446744073709551615], "data_offsets": [0, 4]}""", "shape[0]", DisplayName = "size beyond 63 bits")]
    [DataRow("""{"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}""", "begin <= end", DisplayName = "end before begin")]
    [DataRow("""{"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]}""", "data_offsets[0] is -4", DisplayName = "negative begin")]
    [DataRow("""{"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 8]}""", "[0, 4, 8]", DisplayName = "three offsets")]
    [DataRow("""{"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}""", "which has 4", DisplayName = "past the end")]
    [DataRow("""{"dtype": "F32", "shape": [0], "data_offsets": [2, 2]}""", "gap", DisplayName = "gap before it")]
    [DataRow("""{"dtype": "F16", "shape": [1], "data_offsets": [0, 2]}""", "outside of tensors", DisplayName = "bytes left over")]
    [DataRow("""[1]""", "JSON array", DisplayName = "no object")]
    public void ABrokenEntry_IsRefused(string entry, string reason) => AssertRefused(Make($$"""{"head.bias": {{entry}}}""", new byte[4]), reason);

    [TestMethod]
    public void TwoTensorsOverTheSameBytes_AreRefused() =>
        AssertRefused(Make($"{{ {Entry("a", "F32", "[2]", "[0, 8]")}, {Entry("b", "F32", "[2]", "[4, 12]")} }}", new byte[12]), "overlaps");

    [TestMethod]
    public void ANameTwice_IsRefused() =>
        AssertRefused(Make($"{{ {Entry("a", "F32", "[1]", "[0, 4]")}, {Entry("a", "F32", "[1]", "[4, 8]")} }}", new byte[8]), "name a twice");

    [TestMethod]
    [DataRow("", "does not start")]
    [DataRow("[1, 2]", "does not start")]
    [DataRow(" {}", "does not start")]
    [DataRow("{", "not the JSON")]
    [DataRow("{} {}", "not the JSON")]
    [DataRow("{,}", "not the JSON")]
    [DataRow("{\"a\": 1, }", "not the JSON")]
    [DataRow("""{"__metadata__": ["pt"]}""", "__metadata__ is JSON array")]
    [DataRow("""{"__metadata__": {"epoch": 3}}""", "epoch is JSON number")]
    [DataRow("""{"__metadata__": {"a": "1", "a": "2"}}""", "name a twice")]
    [DataRow("""{"\ud800": {}}""", "unpaired surrogate")]
    [DataRow("""{"__metadata__": {"a": "\ud800"}}""", "unpaired surrogate")]
    public void ABrokenHeader_IsRefused(string header, string reason) => AssertRefused(Make(header), reason);

    [TestMethod]
    public void AHeaderThatNestsDeeply_IsRefused() => AssertRefused(Make(string.Concat(Enumerable.Repeat("{\"a\":", 100_000))), "not the JSON");

    [TestMethod]
    public void AHeaderThatIsNotUtf8_IsRefused() => AssertRefused(Make([(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}']), "UTF-8");

    [TestMethod]
    [DataRow(3UL, "claims 3 bytes, but only 2 follow")]
    [DataRow(100_000_000UL, "claims 100000000 bytes, but only 2 follow")]
    [DataRow(100_000_001UL, "at most 100000000")]
    [DataRow(1UL << 60, "at most 100000000")]
    [DataRow(ulong.MaxValue, "at most 100000000")]
    public void AHeaderLongerThanTheFile_IsRefusedWithoutAllocating(ulong length, string reason)
    {
        byte[] file = WithLength(length, "{}"u8.ToArray());
        AssertRefused(file, reason);
        long before = GC.GetAllocatedBytesForCurrentThread();

        AssertRefused(file, reason);

        Assert.IsLessThan(1_000_000, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(7)]
    public void AFileWithoutAHeaderLength_IsRefused(int length) => AssertRefused(new byte[length], "at least 8");

    [TestMethod]
    public void AnEndlessName_IsCutInTheMessage()
    {
        using var folder = new TemporaryFolder();

        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => Open(folder, Make($$"""{"{{new string('a', 100_000)}}": 1}""")));

        Assert.IsLessThan(1000, error.Message.Length);
    }

    [TestMethod]
    public void AMissingFile_IsNotCalledBroken() =>
        Assert.ThrowsExactly<FileNotFoundException>(() => SafetensorsCheckpoint.Open(Path.Combine(Path.GetTempPath(), "no-such.safetensors")));

    private static void AssertRefused(byte[] content, string reason)
    {
        using var folder = new TemporaryFolder();

        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => Open(folder, content));

        StringAssert.Contains(error.Message, reason);
        StringAssert.Contains(error.Message, "a.safetensors");
    }

    private static SafetensorsCheckpoint Open(TemporaryFolder folder, byte[] content)
    {
        string path = folder.File("a.safetensors");
        File.WriteAllBytes(path, content);
        return SafetensorsCheckpoint.Open(path);
    }
}
