// Masks: NoiseSource, SeededDropout and DropPath.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Network;

[TestClass]
public sealed class DropPathTests
{
    [TestMethod]
    [DataRow(0.1)]
    [DataRow(0.75)]
    public void AMaskDropsItsShareAndKeepsTheMean(double rate)
    {
        using var scope = NewDisposeScope();
        var mask = new NoiseSource(RandomStream.For(5)).Mask([70, 11, 130], rate, like: zeros(1));

        float[] values = mask.Values();

        // 100,100 draws, more than one chunk: five deviations are at most 0.0069.
        Assert.AreEqual(rate, values.Count(v => v == 0) / (double)values.Length, 0.007);
        Assert.IsTrue(values.All(v => v == 0 || Math.Abs(v - 1 / (1 - rate)) < 1e-6));
        CollectionAssert.AreEqual(new long[] { 70, 11, 130 }, mask.shape);
    }

    [TestMethod]
    public void TheSameStreamGivesTheSameMasks()
    {
        using var scope = NewDisposeScope();
        var noise = new NoiseSource(RandomStream.For(8));
        var like = zeros(1);
        var first = noise.Mask([400, 401], 0.5, like);
        var second = noise.Mask([400, 401], 0.5, like);

        noise.Stream = RandomStream.For(8);

        Assert.IsFalse(first.SameValues(second));
        Assert.IsTrue(first.SameValues(noise.Mask([400, 401], 0.5, like)));
        Assert.IsTrue(second.SameValues(noise.Mask([400, 401], 0.5, like)));
    }

    [TestMethod]
    public void WhatAnImageDrawsBelongsToItsRowAndNotToItsPlace()
    {
        using var scope = NewDisposeScope();
        var whole = new NoiseSource(RandomStream.For(8)) { Rows = [3, 1, 4, 15] }.Mask([4, 70_000], 0.5, zeros(1));
        var part = new NoiseSource(RandomStream.For(8)) { Rows = [15, 1] }.Mask([2, 70_000], 0.5, zeros(1));

        Assert.IsTrue(whole[3].SameValues(part[0]));
        Assert.IsTrue(whole[1].SameValues(part[1]));
        Assert.IsFalse(whole[0].SameValues(part[1]));
    }

    [TestMethod]
    public void AMaskHasTheTypeOfWhatItMasks()
    {
        using var scope = NewDisposeScope();
        var half = zeros(1, dtype: ScalarType.BFloat16);
        Assert.AreEqual(ScalarType.BFloat16, new NoiseSource(RandomStream.For(1)).Mask([3], 0.5, half).dtype);
        Assert.AreEqual(ScalarType.BFloat16, new SeededDropout(0.5, new NoiseSource(RandomStream.For(1))).Apply(half, training: true).dtype);
    }

    [TestMethod]
    public void DropoutDoesNothingInEvaluationOrAtRateZero()
    {
        using var x = ones(3);
        var noise = new NoiseSource(RandomStream.For(1));
        Assert.AreSame(x, new SeededDropout(0.5, noise).Apply(x, training: false));
        Assert.AreSame(x, new SeededDropout(0, noise).Apply(x, training: true));
        Assert.AreSame(x, new DropPath(0.5, noise).Apply(x, training: false));
        Assert.AreSame(x, new DropPath(0, noise).Apply(x, training: true));
    }

    [TestMethod]
    public void DropPathDropsWholeImages()
    {
        using var scope = NewDisposeScope();
        var dropped = new DropPath(0.25, new NoiseSource(RandomStream.For(2))).Apply(ones(2000, 3, 2), training: true);

        float[][] images = [.. dropped.Values().Chunk(3 * 2)];

        Assert.IsTrue(images.All(image => image.All(v => v == image[0])));
        Assert.AreEqual(0.25, images.Count(image => image[0] == 0) / 2000.0, 0.05);
        Assert.AreEqual(4.0 / 3, images.Max(image => image[0]), 1e-6);
    }

    [TestMethod]
    public void DropPathRatesGrowLinearlyFromZero()
    {
        CollectionAssert.AreEqual(new[] { 0, 0.1, 0.2, 0.3 }, Enumerable.Range(0, 4).Select(i => Math.Round(DropPath.RateOf(i, 4, 0.3), 12)).ToArray());
        Assert.AreEqual(0, DropPath.RateOf(0, depth: 1, last: 0.3));
    }
}
