// RGB patch kernels adapted to other numbers of channels, checked by hand.
using Microsoft.ML.VisionTransformer.Checkpoints.Fitting;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Fitting;

[TestClass]
public sealed class ChannelAdaptationTests
{
    private const string Where = "a.pth: patch_embed.proj.weight";

    /// <summary>Two kernels of three channels of one row of two pixels.</summary>
    private static readonly float[] _stored = [1, 2, 10, 20, 100, 200, 3, 4, 30, 40, 300, 400];

    [TestMethod]
    public void OneChannel_IsTheSumOfThree() => CollectionAssert.AreEqual(new float[] { 111, 222, 333, 444 }, Adapt(_stored, 3, 1));

    [TestMethod]
    public void TwoChannels_AreTheFirstTwoAndHalfAsMuchAgain() =>
        CollectionAssert.AreEqual(new[] { 1.5f, 3, 15, 30, 4.5f, 6, 45, 60 }, Adapt(_stored, 3, 2));

    [TestMethod]
    public void FourChannels_BeginAgainWithRed() => CollectionAssert.AreEqual(
        new[] { 0.75f, 1.5f, 7.5f, 15, 75, 150, 0.75f, 1.5f, 2.25f, 3, 22.5f, 30, 225, 300, 2.25f, 3 }, Adapt(_stored, 3, 4));

    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    [DataRow(4)]
    public void AsManyChannels_AreKept(int channels)
    {
        float[] stored = [.. Enumerable.Range(0, 4 * channels).Select(i => (float)i)];

        CollectionAssert.AreEqual(stored, Adapt(stored, channels, channels));
    }

    [TestMethod]
    [DataRow(1, 3)]
    [DataRow(4, 3)]
    [DataRow(4, 1)]
    [DataRow(6, 1)]
    public void OtherThanThreeStoredChannels_AreRefused(int from, int to)
    {
        string message = Assert.ThrowsExactly<NotSupportedException>(() => Adapt(new float[4 * from], from, to)).Message;

        StringAssert.StartsWith(message, $"{Where} is [2, {from}, 1, 2]: its number of channels is {from}, but the network's is {to}.");
        StringAssert.EndsWith(message, $"use images with {from} {(from == 1 ? "channel" : "channels")}.");
    }

    [TestMethod]
    public void AnotherPatchSize_IsRefused()
    {
        string message = Assert.ThrowsExactly<NotSupportedException>(() => ChannelAdaptation.Adapt(
            new float[48], new PatchKernelShape(1, 3, 4), new float[192], new PatchKernelShape(1, 3, 8), Where)).Message;

        StringAssert.Contains(message, "are 4x4 pixels and the network's are 8x8");
    }

    [TestMethod]
    public void AnotherDimension_IsRefused()
    {
        string message = Assert.ThrowsExactly<InvalidCheckpointException>(() => ChannelAdaptation.Adapt(
            new float[24], new PatchKernelShape(2, 3, 2), new float[12], new PatchKernelShape(1, 3, 2), Where)).Message;

        StringAssert.StartsWith(message, $"{Where} is [2, 3, 2, 2], but the network needs [1, 3, 2, 2]");
    }

    [TestMethod]
    [DataRow(23, 24)]
    [DataRow(24, 23)]
    public void WrongLengths_AreRefused(int length, int room) => Assert.ThrowsExactly<ArgumentException>(() => ChannelAdaptation.Adapt(
        new float[length], new PatchKernelShape(2, 3, 2), new float[room], new PatchKernelShape(2, 3, 2), Where));

    private static float[] Adapt(float[] stored, int from, int to)
    {
        var shape = new PatchKernelShape(2, from, (1, 2));
        float[] result = new float[(shape with { Channels = to }).Count];
        ChannelAdaptation.Adapt(stored, shape, result, shape with { Channels = to }, Where);
        return result;
    }
}
