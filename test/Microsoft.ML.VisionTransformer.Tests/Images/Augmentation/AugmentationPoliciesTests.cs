// RandAugment, TrivialAugment, three-augment and color jitter: strengths computed by hand, and the frequency of operations.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Augmentation;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Augmentation;

[TestClass]
public sealed class AugmentationPoliciesTests
{
    private const int Draws = 3000;

    [TestMethod]
    [DataRow(RandAugmentOperation.AutoContrast, 3.0, false, 0, 99, 255)]        // 3.1875 (value - 20): 80 * 1.275
    [DataRow(RandAugmentOperation.Invert, 3.0, false, 235, 157, 35)]
    [DataRow(RandAugmentOperation.Rotate, 0.0, false, 20, 98, 220)]
    [DataRow(RandAugmentOperation.Posterize, 9.0, false, 0, 0, 128)]            // 4 - floor 3.6 = 1 bit
    [DataRow(RandAugmentOperation.Posterize, 10.0, false, 0, 0, 0)]
    [DataRow(RandAugmentOperation.Posterize, 0.0, false, 16, 96, 208)]          // 4 bits
    [DataRow(RandAugmentOperation.Solarize, 9.0, false, 20, 157, 35)]           // threshold 256 - 230
    [DataRow(RandAugmentOperation.Solarize, 0.0, false, 20, 98, 220)]
    [DataRow(RandAugmentOperation.SolarizeAdd, 9.0, false, 119, 197, 220)]      // 99 more
    [DataRow(RandAugmentOperation.Brightness, 10.0, true, 2, 9, 22)]            // 0.1
    [DataRow(RandAugmentOperation.Brightness, 5.0, false, 29, 142, 255)]        // 1.45
    [DataRow(RandAugmentOperation.Contrast, 10.0, true, 103, 111, 123)]         // mean 113, 0.1
    [DataRow(RandAugmentOperation.Color, 10.0, false, 20, 98, 220)]             // gray stays gray
    [DataRow(RandAugmentOperation.Sharpness, 10.0, false, 20, 98, 220)]         // one row has no inner pixels
    [DataRow(RandAugmentOperation.TranslateX, 10.0, false, 128, 20, 70)]        // 1.35 pixels right: 98 - 0.35 78 = 70.7
    public void RandAugmentsStrengthsAreTimms(object operation, double level, bool reverse, params int[] expected)
    {
        var augment = new RandAugment(new(), new ImagePreprocessing { Interpolation = ImageInterpolation.Bilinear });

        AssertGray(expected, augment.Apply((RandAugmentOperation)operation, PaintedImage.GrayRow(20, 98, 220), level, reverse));
    }

    [TestMethod]
    [DataRow(TrivialAugmentOperation.Identity, 30, false, 20, 98, 220)]
    [DataRow(TrivialAugmentOperation.TranslateX, 1, false, 0, 20, 98)]          // floor(32 / 30) = 1, filled with black
    [DataRow(TrivialAugmentOperation.TranslateX, 1, true, 98, 220, 0)]
    [DataRow(TrivialAugmentOperation.TranslateX, 30, true, 0, 0, 0)]
    [DataRow(TrivialAugmentOperation.Brightness, 30, true, 0, 0, 2)]            // 0.01
    [DataRow(TrivialAugmentOperation.Brightness, 15, false, 29, 146, 255)]      // 1.495
    [DataRow(TrivialAugmentOperation.Posterize, 30, false, 0, 64, 192)]         // 2 bits
    [DataRow(TrivialAugmentOperation.Posterize, 2, false, 20, 98, 220)]         // 8 - round 0.4
    [DataRow(TrivialAugmentOperation.Solarize, 20, false, 20, 157, 35)]         // threshold 85
    [DataRow(TrivialAugmentOperation.Solarize, 30, false, 235, 157, 35)]
    [DataRow(TrivialAugmentOperation.Equalize, 7, false, 20, 98, 220)]
    public void TrivialAugmentsStrengthsAreTorchvisions(object operation, int strength, bool reverse, params int[] expected) =>
        AssertGray(expected, TrivialAugmentWide.Apply((TrivialAugmentOperation)operation, PaintedImage.GrayRow(20, 98, 220), strength, reverse));

    [TestMethod]
    [DataRow(1, 1.0, 0.98, 1.0)]
    [DataRow(1, 0.5, 0.46, 0.54)]
    [DataRow(2, 0.5, 0.71, 0.79)]
    public void RandAugmentDoesAsManyOperationsAsItSays(int operations, double probability, double least, double most)
    {
        // At the highest level each operation changes this image, and two operations rarely cancel each other.
        var augment = new RandAugment(
            new() { RandAugmentOperations = operations, RandAugmentProbability = probability, RandAugmentMagnitude = 10, RandAugmentMagnitudeDeviation = 0 }, new());
        var image = Noise(24, 20);

        Assert.IsInRange(least, most, FractionOf(row => !Same(image, augment.Apply(image, RandomStream.For(1, row)))));
    }

    [TestMethod]
    public void TrivialAugmentLeavesATenthUnchanged()
    {
        // Of 14 operations the identity, and strength 0 of nine, 0..2 of posterize, 0 of solarize: (1 + 13 / 31) / 14 = 0.101.
        var image = Noise(24, 20);

        Assert.IsInRange(0.08, 0.125, FractionOf(row => Same(image, TrivialAugmentWide.Apply(image, RandomStream.For(1, row)))));
    }

    [TestMethod]
    public void ThreeAugmentTakesEachOfThreeAsOften()
    {
        var image = Noise(24, 20);
        var (gray, solarized) = (Grayscale.Of(image), Solarize.Of(image));

        Assert.IsInRange(0.3, 0.367, FractionOf(row => Same(gray, ThreeAugment.Apply(image, RandomStream.For(1, row)))));
        Assert.IsInRange(0.3, 0.367, FractionOf(row => Same(solarized, ThreeAugment.Apply(image, RandomStream.For(1, row)))));
    }

    [TestMethod]
    public void JitterStaysWithinItsRange()
    {
        var jitter = new ColorJitter(new() { BrightnessJitter = 0.4 });
        double[] factors = [.. Enumerable.Range(0, Draws).Select(row => jitter.Apply(PaintedImage.GrayRow(100), RandomStream.For(1, row)).Pixels[0] / 100.0)];

        Assert.IsInRange(0.59, 0.62, factors.Min());
        Assert.IsInRange(1.37, 1.4, factors.Max());
        Assert.AreEqual(0.995, factors.Average(), 0.02);    // rounding down lowers the mean by 0.005
    }

    [TestMethod]
    public void JitterTakesItsStepsInAnyOrder()
    {
        // Full contrast after brightness differs from brightness after contrast.
        var jitter = new ColorJitter(new() { BrightnessJitter = 0.4, ContrastJitter = 0.4, SaturationJitter = 0.4, HueJitter = 0.1 });
        var image = Noise(8, 6);

        Assert.HasCount(200, Enumerable.Range(0, 200).Select(row => Convert.ToHexString(jitter.Apply(image, RandomStream.For(1, row)).Pixels)).Distinct());
        Assert.IsTrue(new ColorJitter(new()).ChangesNothing);
    }

    /// <summary>Noise in 1..254, which autocontrast and sharpening change.</summary>
    private static RgbImage Noise(int width, int height)
    {
        var random = RandomStream.For(9);
        return new(width, height, [.. Enumerable.Range(0, width * height * 3).Select(_ => (byte)(1 + random.NextInt(254)))]);
    }

    private static bool Same(RgbImage first, RgbImage second) => first.Pixels.AsSpan().SequenceEqual(second.Pixels);

    private static double FractionOf(Func<int, bool> happens) => Enumerable.Range(0, Draws).Count(happens) / (double)Draws;

    private static void AssertGray(int[] expected, RgbImage found) => CollectionAssert.AreEqual(expected, found.Pixels.Where((_, i) => i % 3 == 0).Select(p => (int)p).ToArray());
}
