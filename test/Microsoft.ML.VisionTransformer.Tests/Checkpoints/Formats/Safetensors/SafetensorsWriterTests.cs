// Written values are read back bit-exactly, and a failed write changes nothing.
using System.Buffers;
using System.Buffers.Binary;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Formats.Safetensors;

[TestClass]
public sealed class SafetensorsWriterTests
{
    private static readonly float[] _odd = [float.NaN, -0f, float.Epsilon, float.NegativeInfinity, 1f / 3, float.MaxValue];

    [TestMethod]
    public void WrittenTensorsAndMetadata_AreReadBackToTheBit()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        var metadata = new Dictionary<string, string> { ["format"] = "pt", ["note"] = "\"grün\"\n" };

        SafetensorsWriter.Write(path, [("w", [3, 2], _odd), ("größe \"1\"", [], new[] { 5f }), ("none", [0, 7], default)], metadata);

        using var file = SafetensorsCheckpoint.Open(path);
        CollectionAssert.AreEqual(new[] { "w", "größe \"1\"", "none" }.Order().ToArray(), file.Tensors.Keys.Order().ToArray());
        CollectionAssert.AreEqual(new long[] { 3, 2 }, file.Tensors["w"].Shape.ToArray());
        CollectionAssert.AreEqual(_odd.Select(BitConverter.SingleToInt32Bits).ToArray(), file.Values("w").Select(BitConverter.SingleToInt32Bits).ToArray());
        CollectionAssert.AreEqual(new[] { 5f }, file.Values("größe \"1\""));
        CollectionAssert.AreEquivalent(metadata.ToArray(), file.Metadata.ToArray());
    }

    [TestMethod]
    public void ATensorLongerThanOneBlock_IsReadBackWhole()
    {
        float[] values = [.. Enumerable.Range(0, (1 << 20) + 3).Select(i => (float)i)];
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");

        SafetensorsWriter.Write(path, [("first", [1], new[] { -1f }), ("long", [values.Length], values)]);

        using var file = SafetensorsCheckpoint.Open(path);
        Assert.IsTrue(values.AsSpan().SequenceEqual(file.Values("long")));
    }

    [TestMethod]
    [DataRow("a")]
    [DataRow("ab")]
    [DataRow("abcdefg")]
    public void TheDataBeginsAtAMultipleOfEight_AfterSpaces(string name)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");

        SafetensorsWriter.Write(path, [(name, [1], new[] { 1f })]);

        byte[] content = File.ReadAllBytes(path);
        int header = (int)BinaryPrimitives.ReadUInt64LittleEndian(content);
        Assert.AreEqual(0, header % 8);
        Assert.AreEqual(8 + header + 4, content.Length);
        Assert.IsTrue(content.AsSpan(8, header).TrimEnd((byte)' ').EndsWith("}"u8));
    }

    [TestMethod]
    public void AnotherReader_ReadsTheFile()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");

        SafetensorsWriter.Write(path, [("w", [2, 1], new[] { 1f, 2f })]);

        CollectionAssert.AreEqual(new[] { 1f, 2f }, SafetensorsFile.Read(path).Floats("w"));
    }

    [TestMethod]
    public void AWriteThatFailsMidway_LeavesTheOldFileAndNothingElse()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("a.safetensors");
        SafetensorsWriter.Write(path, [("w", [1], new[] { 1f })]);
        byte[] before = File.ReadAllBytes(path);
        using var broken = new UnreadableMemory(4);

        Assert.ThrowsExactly<NotSupportedException>(() => SafetensorsWriter.Write(path, [("w", [1], new[] { 2f }), ("v", [4], broken.Values)]));

        CollectionAssert.AreEqual(before, File.ReadAllBytes(path));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    [DataRow("w", 2L, DisplayName = "shape of more values")]
    [DataRow("w", -1L, DisplayName = "negative size")]
    [DataRow("first", 1L, DisplayName = "name twice")]
    [DataRow("__metadata__", 1L, DisplayName = "reserved name")]
    public void ATensorThatNoReaderWouldTake_IsNotWritten(string name, long size)
    {
        using var folder = new TemporaryFolder();

        var error = Assert.ThrowsExactly<ArgumentException>(
            () => SafetensorsWriter.Write(folder.File("a.safetensors"), [("first", [1], new[] { 1f }), (name, [size], new[] { 1f })]));

        StringAssert.Contains(error.Message, name);
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    /// <summary>Memory whose values cannot be had, as from a tensor that is gone.</summary>
    private sealed class UnreadableMemory(int length) : MemoryManager<float>
    {
        internal ReadOnlyMemory<float> Values => CreateMemory(length);

        public override Span<float> GetSpan() => throw new NotSupportedException();

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
