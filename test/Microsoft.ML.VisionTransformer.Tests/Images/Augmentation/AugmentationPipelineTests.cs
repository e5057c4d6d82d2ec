// Random crops and flips: repeatable, inside the image, within the configured ranges.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Augmentation;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Augmentation;

[TestClass]
public sealed class AugmentationPipelineTests
{
    private static readonly ImagePreprocessing _settings = new() { Size = (11, 13) };

    [TestMethod]
    public void TheSameStreamGivesTheSamePixels()
    {
        var augmentation = new AugmentationPipeline(_settings);
        var image = PaintedImage.Gradient(47, 31);
        byte[][] views = [.. Enumerable.Range(0, 20).Select(row => augmentation.Apply(image, RandomStream.For(1, 2, row)).Pixels)];
        for (int row = 0; row < views.Length; row++)
            CollectionAssert.AreEqual(views[row], augmentation.Apply(image, RandomStream.For(1, 2, row)).Pixels);
        Assert.HasCount(views.Length, views.Select(Convert.ToHexString).Distinct(), "other streams, other views");
    }

    [TestMethod]
    public void AFlipMirrors()
    {
        CollectionAssert.AreEqual(PaintedImage.GrayRow(3, 2, 1).Pixels, Flip.LeftRight(PaintedImage.GrayRow(1, 2, 3)).Pixels);
        var image = PaintedImage.Gradient(13, 11);
        byte[] always = View(new() { CropMinimumArea = 0.5, CropMaximumArea = 0.5, HorizontalFlipProbability = 1 }, image, RandomStream.For(5)).Pixels;
        byte[] never = View(new() { CropMinimumArea = 0.5, CropMaximumArea = 0.5, HorizontalFlipProbability = 0 }, image, RandomStream.For(5)).Pixels;
        CollectionAssert.AreEqual(never, Flip.LeftRight(new RgbImage(13, 11, always)).Pixels);
    }

    [TestMethod]
    public void HalfOfTheViewsAreFlipped()
    {
        var augmentation = new AugmentationPipeline(_settings);
        var image = PaintedImage.Gradient(36, 23);    // red increases from left to right
        int flipped = Enumerable.Range(0, 1000).Count(row => IsFalling(augmentation.Apply(image, RandomStream.For(1, row))));
        Assert.IsTrue(flipped is > 450 and < 550, $"{flipped} of 1000");

        static bool IsFalling(RgbImage view) => view.Row(0)[0] > view.Row(0)[^1];
    }

    [TestMethod]
    [DataRow(640, 480)]
    [DataRow(31, 47)]
    [DataRow(1, 1)]
    [DataRow(1, 5000)]
    [DataRow(5000, 1)]
    public void CropsStayInside(int width, int height)
    {
        var crop = new RandomResizedCrop();
        for (int row = 0; row < 500; row++)
        {
            var area = crop.Draw(width, height, RandomStream.For(3, row));
            Assert.IsTrue(area.Left >= 0 && area.Top >= 0 && area.Width >= 1 && area.Height >= 1, $"{area}");
            Assert.IsTrue(area.Left + area.Width <= width && area.Top + area.Height <= height, $"{area}");
        }
    }

    [TestMethod]
    public void AreaAndRatioAreWithinTheirBounds()
    {
        var crop = new RandomResizedCrop(minimumArea: 0.3, maximumArea: 0.6);
        for (int row = 0; row < 500; row++)
        {
            var area = crop.Draw(1000, 1000, RandomStream.For(3, row));
            Assert.AreEqual(0.45, area.Width * area.Height / 1e6, 0.152);
            Assert.IsTrue(area.Width / (double)area.Height is > 0.745 and < 1.34, $"{area}");
        }
    }

    [TestMethod]
    public void AnImageTooSlenderForTheRatiosGivesItsMiddle()
    {
        var crop = new RandomResizedCrop(minimumArea: 1);
        Assert.AreEqual(new PixelArea(450, 0, 100, 75), crop.Draw(1000, 75, RandomStream.For(1)));
        Assert.AreEqual(new PixelArea(0, 450, 75, 100), crop.Draw(75, 1000, RandomStream.For(1)));
    }

    [TestMethod]
    public void BoundsAreChecked()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new RandomResizedCrop(minimumArea: 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new RandomResizedCrop(0.5, 0.4));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new RandomResizedCrop(0.5, 1.5));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new RandomResizedCrop(0.5, 1, minimumRatio: 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new AugmentationPipeline(_settings, new() { HorizontalFlipProbability = double.NaN }));
    }

    [TestMethod]
    public void WithoutCropAndFlipAViewIsWhatPredictionSees()
    {
        var image = PaintedImage.Gradient(36, 23);

        CollectionAssert.AreEqual(new ImagePreprocessor(_settings).Fit(image).Pixels, View(TrainingAugmentations.None, image, RandomStream.For(1)).Pixels);
    }

    [TestMethod]
    public void FlipsComeBeforeThePolicy()
    {
        var settings = new ImagePreprocessing { Size = (2, 2), CropFraction = 1 };
        var image = new RgbImage(2, 2, [10, 0, 0, 20, 0, 0, 30, 0, 0, 40, 0, 0]);
        var both = TrainingAugmentations.None with { HorizontalFlipProbability = 1, VerticalFlipProbability = 1 };

        var view = new AugmentationPipeline(settings, both).Apply(image, RandomStream.For(1));

        CollectionAssert.AreEqual(new byte[] { 40, 0, 0, 30, 0, 0, 20, 0, 0, 10, 0, 0 }, view.Pixels);
    }

    [TestMethod]
    [DataRow(1.0, 0.0, 2f, 1f, 4f, 3f)]
    [DataRow(0.0, 1.0, 3f, 4f, 1f, 2f)]
    [DataRow(1.0, 1.0, 4f, 3f, 2f, 1f)]
    public void PreparedPixelsAreFlippedInEachChannel(double horizontal, double vertical, params float[] expected)
    {
        var settings = new ImagePreprocessing { Size = 2 };
        var augmentations = new TrainingAugmentations { HorizontalFlipProbability = horizontal, VerticalFlipProbability = vertical };
        float[] view = new float[12];

        new AugmentationPipeline(settings, augmentations).Apply([1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24], RandomStream.For(1), view);

        float[] all = [.. expected, .. expected.Select(v => v + 10), .. expected.Select(v => v + 20)];
        CollectionAssert.AreEqual(all, view);
    }

    private static RgbImage View(TrainingAugmentations augmentations, RgbImage image, RandomStream random) =>
        new AugmentationPipeline(_settings, augmentations).Apply(image, random);
}
