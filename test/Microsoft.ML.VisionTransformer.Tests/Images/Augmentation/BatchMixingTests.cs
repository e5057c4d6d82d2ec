// Mixup and cutmix: pixels computed by hand and compared with timm, label weights, and frequencies.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Augmentation;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Augmentation;

[TestClass]
public sealed class BatchMixingTests
{
    private const int Height = 4, Width = 6, Draws = 3000;

    private static readonly TrainingAugmentations _both = new() { MixupAlpha = 0.8, CutmixAlpha = 1 };

    [TestMethod]
    public void MixupMixesWithTheFlippedBatch()
    {
        float[] batch = [1, 2, 10, 20, 100, 200];

        BatchMixing.Mixup(batch, 3, 0.75);

        CollectionAssert.AreEqual(new[] { 25.75f, 51.5f, 10, 20, 75.25f, 150.5f }, batch);
    }

    [TestMethod]
    public void MixupIsTimms()
    {
        var golden = SafetensorsFile.Read(TestData.Path("golden", "training", "batches.safetensors"));
        float[] batch = golden.Floats("inputs")[..(8 * 3 * 32 * 32)];

        BatchMixing.Mixup(batch, 8, 0.3);

        CollectionAssert.AreEqual(golden.Floats("mixed_inputs_batch_0"), batch);
    }

    [TestMethod]
    public void CutmixSwapsTheRectangleOfAllChannels()
    {
        float[] batch = [.. Enumerable.Range(0, 3 * 2 * Height * Width).Select(i => (float)(i / (2 * Height * Width)))];    // three images of 0, 1 and 2

        new BatchMixing(_both, Height, Width).Cutmix(batch, 3, new PixelArea(Left: 1, Top: 2, Width: 3, Height: 2));

        for (int i = 0; i < batch.Length; i++)
        {
            var (image, row, column) = (i / (2 * Height * Width), i / Width % Height, i % Width);
            bool inside = row >= 2 && column is >= 1 and < 4;
            Assert.AreEqual(inside ? 2 - image : image, batch[i], $"image {image}, row {row}, column {column}");
        }
    }

    [TestMethod]
    public void CutmixsShareIsWhatIsLeftOfTheArea()
    {
        var mixing = new BatchMixing(new() { CutmixAlpha = 1 }, Height, Width);
        for (int row = 0; row < 200; row++)
        {
            float[] batch = [.. Enumerable.Repeat(0f, Height * Width), .. Enumerable.Repeat(1f, Height * Width)];

            double fraction = mixing.Mix(batch, 2, RandomStream.For(1, row));

            Assert.AreEqual(batch.Take(Height * Width).Average(), 1 - fraction, 1e-6);
            Assert.AreEqual(batch.Skip(Height * Width).Average(), fraction, 1e-6);
        }
    }

    [TestMethod]
    public void ACutmixRectangleHasTheImagesRatioAndIsCutOffAtTheEdges()
    {
        // 1 - 0.75 of 40 x 60 pixels: 20 x 30 around any pixel.
        var mixing = new BatchMixing(_both, 40, 60);
        PixelArea[] areas = [.. Enumerable.Range(0, 2000).Select(row => mixing.DrawArea(0.75, RandomStream.For(1, row)))];

        Assert.AreEqual(20, areas.Max(a => a.Height));
        Assert.AreEqual(30, areas.Max(a => a.Width));
        Assert.AreEqual(10, areas.Where(a => a.Top == 0).Min(a => a.Height));
        Assert.AreEqual(15, areas.Where(a => a.Left == 0).Min(a => a.Width));
        Assert.IsTrue(areas.All(a => a.Top >= 0 && a.Left >= 0 && a.Top + a.Height <= 40 && a.Left + a.Width <= 60));
    }

    [TestMethod]
    [DataRow(0.8, 1.0, 1.0, 0.5, 0.5)]
    [DataRow(0.8, 1.0, 1.0, 0.2, 0.2)]
    [DataRow(0.8, 0.0, 1.0, 0.5, 0.0)]
    [DataRow(0.0, 1.0, 1.0, 0.1, 1.0)]
    public void CutmixTakesTheProbabilityOfTheSwitch(double mixup, double cutmix, double mix, double switched, double expected)
    {
        var settings = new TrainingAugmentations { MixupAlpha = mixup, CutmixAlpha = cutmix, MixProbability = mix, CutmixProbability = switched };
        // Only cutmix leaves values of 0 and 1 alone.
        int cut = Enumerable.Range(0, Draws).Count(row => Mixed(settings, row).Batch.All(v => v is 0 or 1));

        Assert.AreEqual(expected, cut / (double)Draws, 0.03);
    }

    [TestMethod]
    [DataRow(0.3)]
    [DataRow(0.0)]
    public void BatchesAreMixedWithTheProbability(double probability)
    {
        var settings = new TrainingAugmentations { MixupAlpha = 1, MixProbability = probability };
        int mixed = Enumerable.Range(0, Draws).Count(row => Mixed(settings, row).Fraction < 1);

        Assert.AreEqual(probability, mixed / (double)Draws, 0.03);
    }

    [TestMethod]
    [DataRow(0.2)]
    [DataRow(0.8)]
    [DataRow(1.0)]
    [DataRow(3.0)]
    public void SharesFollowTheBetaDistribution(double alpha)
    {
        var settings = new TrainingAugmentations { MixupAlpha = alpha };
        double[] fractions = [.. Enumerable.Range(0, Draws).Select(row => Mixed(settings, row).Fraction)];

        Assert.AreEqual(0.5, fractions.Average(), 0.03);
        Assert.AreEqual(1 / (4 * (2 * alpha + 1)), fractions.Average(s => (s - 0.5) * (s - 0.5)), 0.01);
    }

    [TestMethod]
    public void ATinyBetaParameterGivesNumbers()
    {
        for (int row = 0; row < 200; row++)
            Assert.IsInRange(0, 1, BetaDistribution.Next(RandomStream.For(1, row), 1e-4, 1e-4));
    }

    [TestMethod]
    public void ABatchOfOneStaysAsItIs()
    {
        float[] batch = [.. Enumerable.Range(0, Height * Width).Select(i => (float)i)];

        new BatchMixing(new() { CutmixAlpha = 1 }, Height, Width).Mix(batch, 1, RandomStream.For(1));

        CollectionAssert.AreEqual(Enumerable.Range(0, Height * Width).Select(i => (float)i).ToArray(), batch);
    }

    private static (float[] Batch, double Fraction) Mixed(TrainingAugmentations settings, int row)
    {
        float[] batch = [.. Enumerable.Repeat(0f, Height * Width), .. Enumerable.Repeat(1f, Height * Width)];
        double fraction = new BatchMixing(settings.Check(), Height, Width).Mix(batch, 2, RandomStream.For(1, row));
        return (batch, fraction);
    }
}
