// Native buffers: alignment, initial values, disposal.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Tests.Common;

[TestClass]
public sealed unsafe class FloatBufferTests
{
    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(1000)]
    public void ValuesAreAlignedAndZero(int length)
    {
        using var buffer = new FloatBuffer(length);

        Assert.AreEqual(0, (nint)buffer.Start % 64, "a cache line");
        Assert.AreEqual(length, buffer.Values.Length);
        Assert.IsFalse(buffer.Values.ContainsAnyExcept(0f));
    }

    [TestMethod]
    public void DisposingTwiceFreesOnce()
    {
        long before = FloatBuffer.LiveCount;
        var buffer = new FloatBuffer(10);
        Assert.AreEqual(before + 1, FloatBuffer.LiveCount);

        buffer.Dispose();
        buffer.Dispose();

        Assert.AreEqual(before, FloatBuffer.LiveCount);
    }

    [TestMethod]
    public void MoreMemoryThanThereIsIsAnErrorWithTheSize()
    {
        var error = Assert.ThrowsExactly<InsufficientMemoryException>(() => new FloatBuffer(1L << 50, clear: false));

        Assert.Contains("needs 4503599.6 GB of memory", error.Message);
    }
}
