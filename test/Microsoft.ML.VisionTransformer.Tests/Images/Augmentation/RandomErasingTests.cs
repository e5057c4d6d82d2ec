// Erased rectangles: position, size, frequency and fill.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Augmentation;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Augmentation;

[TestClass]
public sealed class RandomErasingTests
{
    private const int Height = 8, Width = 16, Plane = Height * Width;

    private static readonly TrainingAugmentations _always = new() { ErasingProbability = 1 };

    [TestMethod]
    public void AQuarterOfASquareIsARectangleOfZerosInEachChannel()
    {
        // An eighth of 128 pixels at ratio 1: 4 x 4.
        var settings = _always with { ErasingFill = ErasingFill.Mean, ErasingMinimumArea = 0.125, ErasingMaximumArea = 0.125, ErasingMinimumRatio = 1 };

        float[] erased = Erase(settings, 3);

        int[] changed = Changed(erased.AsSpan(0, Plane));
        Assert.HasCount(16, changed);
        Assert.AreEqual(3, changed.Max(i => i % Width) - changed.Min(i => i % Width));
        Assert.AreEqual(3, changed.Max(i => i / Width) - changed.Min(i => i / Width));
        Assert.IsTrue(changed.All(i => erased[i] == 0));
        CollectionAssert.AreEqual(changed, Changed(erased.AsSpan(Plane, Plane)));
        CollectionAssert.AreEqual(changed, Changed(erased.AsSpan(2 * Plane, Plane)));
    }

    [TestMethod]
    public void AColorIsTheSameInTheRectangleAndAnotherInEachChannel()
    {
        float[] erased = Erase(_always with { ErasingFill = ErasingFill.Color, ErasingMinimumArea = 0.1 }, 3);

        float[][] colors = [.. Enumerable.Range(0, 3).Select(c => erased[(c * Plane)..((c + 1) * Plane)].Where(v => v != 100).Distinct().ToArray())];

        Assert.IsTrue(colors.All(c => c.Length == 1));
        Assert.HasCount(3, colors.SelectMany(c => c).Distinct());
    }

    [TestMethod]
    public void NoiseIsStandardNormal()
    {
        float[] noise = [.. Enumerable.Range(0, 200).SelectMany(row => Erase(_always, row).Where(v => v != 100))];

        Assert.AreEqual(0, noise.Average(), 0.03);
        Assert.AreEqual(1, noise.Average(v => v * v), 0.05);
    }

    [TestMethod]
    public void AShareOfTheImagesIsErasedWithinTheBoundsOfArea()
    {
        var settings = _always with { ErasingProbability = 0.25 };
        int[] areas = [.. Enumerable.Range(0, 2000).Select(row => Changed(Erase(settings, row).AsSpan(0, Plane)).Length).Where(n => n > 0)];

        Assert.IsInRange(440, 560, areas.Length);
        Assert.IsTrue(areas.All(n => n <= 50), $"{areas.Max()}");    // a third of 128, and rounding
    }

    [TestMethod]
    public void SeveralRectanglesShareTheArea()
    {
        var settings = _always with { ErasingCount = 3, ErasingMinimumArea = 0.3, ErasingMaximumArea = 0.3, ErasingMinimumRatio = 1 };
        int[] areas = [.. Enumerable.Range(0, 500).Select(row => Changed(Erase(settings, row).AsSpan(0, Plane)).Length)];

        // For 38 pixels: one rectangle of 6 x 6, two of 4 x 4, or three of 4 x 4, which may overlap.
        Assert.Contains(36, areas);
        Assert.Contains(32, areas);
        Assert.Contains(48, areas);
        Assert.IsTrue(areas.All(n => n <= 48));
    }

    [TestMethod]
    public void WithoutProbabilityNothingIsDrawn()
    {
        var random = RandomStream.For(1);
        new RandomErasing(new()).Apply(new float[3 * Plane], Height, Width, random);

        Assert.AreEqual(RandomStream.For(1).NextBits(), random.NextBits());
    }

    private static float[] Erase(TrainingAugmentations settings, int row)
    {
        float[] chw = [.. Enumerable.Repeat(100f, 3 * Plane)];
        new RandomErasing(settings.Check()).Apply(chw, Height, Width, RandomStream.For(1, row));
        return chw;
    }

    private static int[] Changed(ReadOnlySpan<float> plane)
    {
        var changed = new List<int>();
        for (int i = 0; i < plane.Length; i++)
        {
            if (plane[i] != 100)
                changed.Add(i);
        }

        return [.. changed];
    }
}
