// Reading valid PyTorch files: views, data types, and the location of the weights.
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Pth;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Formats.Pth;

[TestClass]
public sealed class PthCheckpointTests : IDisposable
{
    private static readonly byte[] _six = PthPickle.Floats(0, 1, 2, 3, 4, 5);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(0, new[] { 2, 3 }, new[] { 3, 1 }, new float[] { 0, 1, 2, 3, 4, 5 }, DisplayName = "contiguous")]
    [DataRow(0, new[] { 3, 2 }, new[] { 1, 3 }, new float[] { 0, 3, 1, 4, 2, 5 }, DisplayName = "transposed")]
    [DataRow(1, new[] { 2 }, new[] { 3 }, new float[] { 1, 4 }, DisplayName = "a column")]
    [DataRow(4, new int[0], new int[0], new float[] { 4 }, DisplayName = "a single number")]
    [DataRow(2, new[] { 3 }, new[] { 0 }, new float[] { 2, 2, 2 }, DisplayName = "one value repeated")]
    [DataRow(0, new[] { 1, 3, 2 }, new[] { 6, 1, 3 }, new float[] { 0, 3, 1, 4, 2, 5 }, DisplayName = "three dimensions")]
    [DataRow(2, new[] { 2, 1, 2 }, new[] { 2, 77, 1 }, new float[] { 2, 3, 4, 5 }, DisplayName = "contiguous from the middle, one size of 1 with any stride")]
    [DataRow(1, new[] { 2, 2 }, new[] { 3, 1 }, new float[] { 1, 2, 4, 5 }, DisplayName = "columns of wider rows")]
    [DataRow(6, new[] { 2, 0 }, new[] { 1, 1 }, new float[0], DisplayName = "no values")]
    public void AViewIsReadByItsStrides(int offset, int[] shape, int[] strides, float[] expected)
    {
        using var file = PthCheckpoint.Open(PthPickle.OneTensor(6, offset, shape, strides).Save(_folder.File("a.pth"), ("data/0", _six)));

        var tensor = file.Tensors["w"];
        CollectionAssert.AreEqual(Array.ConvertAll(shape, s => (long)s), tensor.Shape.ToArray());
        CollectionAssert.AreEqual(expected, Values(tensor));
    }

    [TestMethod]
    [DataRow("FloatStorage", StoredType.Float32, new byte[] { 0, 0, 0xC0, 0x3F })]
    [DataRow("HalfStorage", StoredType.Float16, new byte[] { 0, 0x3E })]
    [DataRow("BFloat16Storage", StoredType.BFloat16, new byte[] { 0xC0, 0x3F })]
    [DataRow("DoubleStorage", StoredType.Float64, new byte[] { 0, 0, 0, 0, 0, 0, 0xF8, 0x3F })]
    public void OneAndAHalfIsReadFromEveryFormat(string type, object expected, byte[] content)
    {
        using var file = PthCheckpoint.Open(PthPickle.OneTensor(1, 0, [1], [1], type).Save(_folder.File("a.pth"), ("data/0", content)));

        Assert.AreEqual(expected, file.Tensors["w"].Type);
        CollectionAssert.AreEqual(new[] { 1.5f }, Values(file.Tensors["w"]));
    }

    [TestMethod]
    public void WholeNumbersAreListedAndNotRead()
    {
        using var file = PthCheckpoint.Open(PthPickle.OneTensor(1, 0, [1], [1], "LongStorage").Save(_folder.File("a.pth"), ("data/0", new byte[8])));

        Assert.AreEqual(StoredType.Other, file.Tensors["w"].Type);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidCheckpointException>(() => Values(file.Tensors["w"])).Message, "w is of type LongStorage");
    }

    [TestMethod]
    [DataRow("model_ema,model", "model_ema")]
    [DataRow("state_dict,state_dict_ema", "state_dict_ema")]
    [DataRow("model_ema,other", "model_ema")]
    [DataRow("student,teacher", "teacher")]
    public void AveragedWeightsComeFirst(string keys, string expected)
    {
        var pickle = new PthPickle().Code("}");
        foreach (string key in keys.Split(','))
            pickle.Text(key).Code("}").Text(key + ".w").Tensor(6, 0, [6], [1]).Code("ss");

        using var file = PthCheckpoint.Open(pickle.Code(".").Save(_folder.File("a.pth"), ("data/0", _six)));

        Assert.AreEqual(expected, file.StateDictKey);
        Assert.AreEqual(expected + ".w", file.Tensors.Keys.Single());
        bool passed = keys is "model_ema,model" or "state_dict,state_dict_ema";
        Assert.HasCount(passed ? 1 : 0, file.Notes, "a choice is told");
    }

    [TestMethod]
    public void AParameterIsItsTensor()
    {
        var pickle = new PthPickle().Code("}").Text("w").Global("torch._utils", "_rebuild_parameter").Code("(").Tensor(6, 0, [6], [1])
            .Raw(0x88).Global("collections", "OrderedDict").Code(")RtRs.");
        using var file = PthCheckpoint.Open(pickle.Save(_folder.File("a.pth"), ("data/0", _six)));

        Assert.IsNull(file.StateDictKey);
        Assert.HasCount(6, Values(file.Tensors["w"]));
    }

    [TestMethod]
    public void AnOffsetMayBeAWideNumber()
    {
        var pickle = new PthPickle().Code("}").Text("w").Global("torch._utils", "_rebuild_tensor_v2").Code("(").Storage("FloatStorage", "0", 6)
            .Raw(0x8a, 5, 4, 0, 0, 0, 0).Values(2).Values(1).Raw(0x89).Code("NtRs.");
        using var file = PthCheckpoint.Open(pickle.Save(_folder.File("a.pth"), ("data/0", _six)));

        CollectionAssert.AreEqual(new float[] { 4, 5 }, Values(file.Tensors["w"]));
    }

    [TestMethod]
    public void OtherValuesBesideTheTensorsAreLeftOut()
    {
        var pickle = new PthPickle(4).Code("}(").Text("w").Tensor(6, 0, [6], [1]).Text("epoch").Raw(0x8a, 9, 255, 255, 255, 255, 255, 255, 255, 255, 0)
            .Text("lr").Code("G").Raw(0x3F, 0xF8, 0, 0, 0, 0, 0, 0).Text("args").Global("argparse", "Namespace").Code(")").Raw(0x81).Code("}b")
            .Text("none").Code("Nu.");
        using var file = PthCheckpoint.Open(pickle.Save(_folder.File("a.pth"), ("data/0", _six), ("byteorder", "little"u8.ToArray())));

        Assert.AreEqual("w", file.Tensors.Keys.Single());
    }

    [TestMethod]
    public void TheFileIsFreeAfterDispose()
    {
        string path = PthPickle.OneTensor(6, 0, [6], [1]).Save(_folder.File("a.pth"), ("data/0", _six));
        PthCheckpoint.Open(path).Dispose();

        using var alone = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
    }

    [TestMethod]
    public void TheFileIsFreeAfterARefusal()
    {
        string path = new PthPickle().Code("N.").Save(_folder.File("a.pth"));
        Assert.ThrowsExactly<InvalidCheckpointException>(() => PthCheckpoint.Open(path));

        using var alone = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
    }

    private static float[] Values(StoredTensor tensor)
    {
        float[] values = new float[tensor.Count];
        tensor.CopyTo(values);
        return values;
    }
}
