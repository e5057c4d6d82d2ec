// Reading .npz checkpoints, and agreement of the golden copies.
using System.IO.Compression;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Npz;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static Microsoft.ML.VisionTransformer.Tests.Checkpoints.NpzBuilder;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Formats.Npz;

[TestClass]
public sealed class NpzCheckpointTests
{
    private string _folder = "";

    [TestInitialize]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("npz").FullName;

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void AnArrayHasTheNameShapeAndValuesOfItsMember()
    {
        using var checkpoint = Open(new NpzBuilder().Add("head/kernel.npy", Array(Header("<f4", "(2, 3)"), Floats(1, 2, 3, 4, 5, 6))));

        var tensor = checkpoint.Tensors["head/kernel"];
        Assert.AreEqual("head/kernel", tensor.Name);
        Assert.AreEqual("<f4", tensor.TypeName);
        Assert.AreEqual(StoredType.Float32, tensor.Type);
        CollectionAssert.AreEqual(new long[] { 2, 3 }, tensor.Shape.ToArray());
        CollectionAssert.AreEqual(new float[] { 1, 2, 3, 4, 5, 6 }, Values(tensor));
    }

    [TestMethod]
    [DataRow("<f4", "0000C03F000020C0")]
    [DataRow("=f4", "0000C03F000020C0")]
    [DataRow("|f4", "0000C03F000020C0")]
    [DataRow(">f4", "3FC00000C0200000")]
    [DataRow("<f2", "003E00C1")]
    [DataRow(">f2", "3E00C100")]
    [DataRow("|V2", "C03F20C0")]
    [DataRow("<f8", "000000000000F83F00000000000004C0")]
    [DataRow(">f8", "3FF8000000000000C004000000000000")]
    public void EveryFloatingPointFormatIsWidenedOrRounded(string descr, string hex)
    {
        using var checkpoint = Open(new NpzBuilder().Add("a.npy", Array(Header(descr, "(2,)"), Convert.FromHexString(hex))));

        CollectionAssert.AreEqual(new[] { 1.5f, -2.5f }, Values(checkpoint.Tensors["a"]));
    }

    [TestMethod]
    [DataRow("<i8", 8)]
    [DataRow("<u4", 4)]
    [DataRow("|i1", 1)]
    [DataRow("|b1", 1)]
    public void AWholeNumberIsListedAndNotRead(string descr, int size)
    {
        using var checkpoint = Open(new NpzBuilder().Add("step.npy", Array(Header(descr, "()"), new byte[size])));

        var tensor = checkpoint.Tensors["step"];
        Assert.AreEqual(StoredType.Other, tensor.Type);
        Assert.AreEqual(1, tensor.Count);
        var error = Assert.ThrowsExactly<InvalidCheckpointException>(() => Values(tensor));
        StringAssert.Contains(error.Message, $"step in {checkpoint.Path}: its values have dtype {descr}", StringComparison.Ordinal);
    }

    [TestMethod]
    public void ColumnMajorValuesComeOutRowMajor()
    {
        // [i, j, k] holds 100 i + 10 j + k; the first index runs fastest in the file.
        var stored = from k in Enumerable.Range(0, 5) from j in Enumerable.Range(0, 3) from i in Enumerable.Range(0, 2) select (100f * i) + (10 * j) + k;
        var expected = from i in Enumerable.Range(0, 2) from j in Enumerable.Range(0, 3) from k in Enumerable.Range(0, 5) select (100f * i) + (10 * j) + k;

        using var checkpoint = Open(new NpzBuilder().Add("a.npy", Array(Header("<f4", "(2, 3, 5)", fortranOrder: true), Floats([.. stored]))));

        CollectionAssert.AreEqual(expected.ToArray(), Values(checkpoint.Tensors["a"]));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void AnArrayLongerThanOneChunkIsRead(bool fortranOrder)
    {
        float[] values = [.. Enumerable.Range(0, 100_003).Select(i => (float)i)];

        using var checkpoint = Open(new NpzBuilder().Add("a.npy", Array(Header("<f4", "(100003,)", fortranOrder), Floats(values)), CompressionLevel.Optimal));

        CollectionAssert.AreEqual(values, Values(checkpoint.Tensors["a"]));
    }

    [TestMethod]
    [DataRow((byte)1)]
    [DataRow((byte)2)]
    [DataRow((byte)3)]
    public void EveryVersionOfTheFormatIsRead(byte major)
    {
        using var checkpoint = Open(new NpzBuilder().Add("a.npy", Array(Header("<f4", "(1,)"), Floats(7), major)));

        CollectionAssert.AreEqual(new[] { 7f }, Values(checkpoint.Tensors["a"]));
    }

    [TestMethod]
    public void AnArrayWithoutValuesIsRead()
    {
        using var checkpoint = Open(new NpzBuilder().Add("a.npy", Array(Header("<f4", "(0, 3)"), [])));

        Assert.IsEmpty(Values(checkpoint.Tensors["a"]));
    }

    [TestMethod]
    public void AnEntryForAFolderIsPassedOver()
    {
        using var checkpoint = Open(new NpzBuilder().Add("head/", []).Add("head/bias.npy", Array(Header("<f4", "(1,)"), Floats(7))));

        CollectionAssert.AreEqual(new[] { "head/bias" }, checkpoint.Tensors.Keys.ToArray());
    }

    [TestMethod]
    public void AHeaderWrittenByOtherToolsIsRead()
    {
        using var checkpoint = Open(new NpzBuilder().Add("a.npy", Array("""{"shape":(1L,2),"fortran_order":True,"descr":"<f4"}""", Floats(7, 8))));

        CollectionAssert.AreEqual(new[] { 7f, 8f }, Values(checkpoint.Tensors["a"]));
    }

    [TestMethod]
    public void TheFileIsReleasedWhenOpeningFails()
    {
        Assert.ThrowsExactly<InvalidCheckpointException>(() => Open(new NpzBuilder().Add("a.txt", [1])));

        using var exclusive = new FileStream(Path.Combine(_folder, "weights.npz"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
    }

    [TestMethod]
    public void TheFileIsReleasedByDispose()
    {
        var checkpoint = Open(new NpzBuilder().Add("a.npy", Array(Header("<f4", "(1,)"), Floats(7))));
        checkpoint.Dispose();

        using var exclusive = new FileStream(checkpoint.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.ThrowsExactly<ObjectDisposedException>(() => Values(checkpoint.Tensors["a"]));
    }

    [TestMethod]
    public void ASpanOfAnotherLengthIsRefused()
    {
        using var checkpoint = Open(new NpzBuilder().Add("a.npy", Array(Header("<f4", "(1,)"), Floats(7))));

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => checkpoint.Tensors["a"].CopyTo(new float[2]));
    }

    [TestMethod]
    [DataRow("vit.npz", 40)]
    [DataRow("vit_deflated.npz", 40)]
    [DataRow("vit_fortran_order.npz", 40)]
    [DataRow("vit_big_vision.npz", 40)]
    [DataRow("vit_big_vision_scan.npz", 24)]
    [DataRow("siglip_big_vision.npz", 70)]
    public void EveryGoldenFileIsRead(string file, int tensors)
    {
        using var checkpoint = NpzCheckpoint.Open(TestData.Path("golden", "checkpoints", "jax", file));

        Assert.HasCount(tensors, checkpoint.Tensors);
        Assert.IsTrue(checkpoint.Tensors.Values.All(t => Values(t).All(float.IsFinite)));
    }

    [TestMethod]
    [DataRow("vit_deflated.npz")]
    [DataRow("vit_fortran_order.npz")]
    public void PackingAndOrderDoNotChangeTheTensors(string file)
    {
        using var expected = NpzCheckpoint.Open(TestData.Path("golden", "checkpoints", "jax", "vit.npz"));
        using var found = NpzCheckpoint.Open(TestData.Path("golden", "checkpoints", "jax", file));

        CollectionAssert.AreEquivalent(expected.Tensors.Keys.ToArray(), found.Tensors.Keys.ToArray());
        foreach (var (name, tensor) in expected.Tensors)
        {
            CollectionAssert.AreEqual(tensor.Shape.ToArray(), found.Tensors[name].Shape.ToArray(), name);
            CollectionAssert.AreEqual(Values(tensor), Values(found.Tensors[name]), name);
        }
    }

    [TestMethod]
    [DataRow("vit.npz")]
    [DataRow("vit_fortran_order.npz")]
    public void ValuesAreThoseOfTheTimmFile(string file)
    {
        var timm = SafetensorsFile.Read(TestData.Path("golden", "checkpoints", "timm", "model.safetensors"));
        using var jax = NpzCheckpoint.Open(TestData.Path("golden", "checkpoints", "jax", file));

        CollectionAssert.AreEqual(timm.Floats("norm.weight"), Values(jax.Tensors["Transformer/encoder_norm/scale"]));
        var kernel = jax.Tensors["head/kernel"];
        CollectionAssert.AreEqual(new long[] { 32, 10 }, kernel.Shape.ToArray());
        CollectionAssert.AreEqual(timm.Floats("head.weight"), Transposed(Values(kernel), rows: 32, columns: 10));
    }

    private static float[] Transposed(float[] values, int rows, int columns) =>
        [.. from column in Enumerable.Range(0, columns) from row in Enumerable.Range(0, rows) select values[(row * columns) + column]];

    private static float[] Values(StoredTensor tensor)
    {
        float[] values = new float[tensor.Count];
        tensor.CopyTo(values);
        return values;
    }

    private NpzCheckpoint Open(NpzBuilder content)
    {
        string path = Path.Combine(_folder, "weights.npz");
        File.WriteAllBytes(path, content.ToBytes());
        return NpzCheckpoint.Open(path);
    }
}
