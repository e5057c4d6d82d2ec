// The augmentation settings: presets, validation, and the contact sheet.
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Tests.Support;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Augmentation;

[TestClass]
public sealed class TrainingAugmentationsTests
{
    private static readonly ImagePreprocessing _settings = new() { Size = (11, 13) };

    private static readonly Dictionary<string, TrainingAugmentations> _bad = new()
    {
        ["CropMinimumArea"] = new() { CropMinimumArea = 0 },
        ["CropMaximumArea"] = new() { CropMaximumArea = 0.01 },
        ["CropMaximumArea is 2"] = new() { CropMaximumArea = 2 },
        ["CropMinimumRatio"] = new() { CropMinimumRatio = 1.5 },
        ["HorizontalFlipProbability"] = new() { HorizontalFlipProbability = double.NaN },
        ["VerticalFlipProbability"] = new() { VerticalFlipProbability = 1.1 },
        ["Policy"] = new() { Policy = (AugmentationPolicy)9 },
        ["RandAugmentOperations"] = new() { RandAugmentOperations = 0 },
        ["RandAugmentMagnitude"] = new() { RandAugmentMagnitude = 11 },
        ["RandAugmentMagnitudeDeviation"] = new() { RandAugmentMagnitudeDeviation = -1 },
        ["RandAugmentProbability"] = new() { RandAugmentProbability = 2 },
        ["BrightnessJitter"] = new() { BrightnessJitter = -0.1 },
        ["ContrastJitter"] = new() { ContrastJitter = double.PositiveInfinity },
        ["SaturationJitter"] = new() { SaturationJitter = double.NaN },
        ["HueJitter"] = new() { HueJitter = 0.6 },
        ["ErasingProbability"] = new() { ErasingProbability = -1 },
        ["ErasingFill"] = new() { ErasingFill = (ErasingFill)9 },
        ["ErasingMinimumArea"] = new() { ErasingMinimumArea = 1 },
        ["ErasingMaximumArea"] = new() { ErasingMaximumArea = 0.01 },
        ["ErasingMinimumRatio"] = new() { ErasingMinimumRatio = 0 },
        ["ErasingCount"] = new() { ErasingCount = 0 },
        ["MixupAlpha"] = new() { MixupAlpha = -1 },
        ["CutmixAlpha"] = new() { CutmixAlpha = double.NaN },
        ["MixProbability"] = new() { MixProbability = 1.5 },
        ["CutmixProbability"] = new() { CutmixProbability = -0.5 },
    };

    public static IEnumerable<object[]> BadNames => _bad.Keys.Select(k => new object[] { k });

    [TestMethod]
    [DynamicData(nameof(BadNames))]
    public void ABadValueIsRefusedByName(string name) =>
        Assert.Contains(name, Assert.Throws<ArgumentException>(() => _bad[name].Check()).Message);

    [TestMethod]
    public void ThePresetsAreAllowedAndMixAsTheySay()
    {
        Assert.IsFalse(TrainingAugmentations.None.Check().Mixes);
        Assert.IsFalse(TrainingAugmentations.Light.Check().Mixes);
        Assert.IsTrue(TrainingAugmentations.DeiT.Check().Mixes);
        Assert.IsTrue(TrainingAugmentations.ThreeAugment.Check().Mixes);
        Assert.IsFalse(TrainingAugmentations.None.NeedsImages);
    }

    [TestMethod]
    public void APreviewReadsNoLargerImagesThanTrainingDoes() => Assert.Contains(
        "at most 500 are allowed",
        Assert.ThrowsExactly<InvalidImageException>(() => TrainingAugmentations.None.Preview([Encoded(20, 30)], _settings with { MaxPixels = 500 })).Message);

    [TestMethod]
    public void APreviewHasARowAnImageAndAColumnAnEpoch()
    {
        byte[] png = TrainingAugmentations.DeiT.Preview([Encoded(20, 30), Encoded(31, 17)], _settings, epochs: 3);

        using var sheet = SKBitmap.Decode(png);
        Assert.AreEqual(3 * 13 + 2 * 2, sheet.Width);
        Assert.AreEqual(2 * 11 + 2, sheet.Height);
    }

    [TestMethod]
    public void APreviewWithoutAugmentationShowsWhatPredictionSees()
    {
        byte[] image = Encoded(36, 23);

        var sheet = ImageDecoder.Decode(TrainingAugmentations.None.Preview([image], _settings, epochs: 1), "sheet");

        CollectionAssert.AreEqual(new ImagePreprocessor(_settings).Fit(ImageDecoder.Decode(image, "image")).Pixels, sheet.Pixels);
    }

    [TestMethod]
    public void AGrayNetworksPreviewIsGray()
    {
        var sheet = ImageDecoder.Decode(TrainingAugmentations.Light.Preview([Encoded(36, 23)], _settings.WithChannels(1), epochs: 2, seed: 4), "sheet");

        for (int i = 0; i < sheet.Pixels.Length; i += 3)
            Assert.IsTrue(sheet.Pixels[i] == sheet.Pixels[i + 1] && sheet.Pixels[i] == sheet.Pixels[i + 2]);
    }

    [TestMethod]
    public void APreviewRepeatsForItsSeed()
    {
        byte[][] images = [Encoded(20, 30), Encoded(31, 17)];
        byte[] first = TrainingAugmentations.DeiT.Preview(images, _settings, seed: 3);

        CollectionAssert.AreEqual(first, TrainingAugmentations.DeiT.Preview(images, _settings, seed: 3));
        CollectionAssert.AreNotEqual(first, TrainingAugmentations.DeiT.Preview(images, _settings, seed: 4));
    }

    [TestMethod]
    public void APreviewRefusesNothingAndRubbish()
    {
        Assert.Throws<ArgumentException>(() => TrainingAugmentations.Light.Preview([], _settings));
        Assert.Throws<ArgumentException>(() => TrainingAugmentations.Light.Preview([Encoded(9, 9)], _settings, epochs: 0));
        Assert.Contains("image 2", Assert.Throws<InvalidImageException>(() => TrainingAugmentations.Light.Preview([Encoded(9, 9), [1, 2, 3]], _settings)).Message);
    }

    private static byte[] Encoded(int width, int height) => PaintedImage.Encode(PaintedImage.Gradient(width, height), SKEncodedImageFormat.Png);
}
