// Preprocessing settings of timm's names.
using Microsoft.ML.VisionTransformer.Images.Preprocessing;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Preprocessing;

[TestClass]
public sealed class PresetPreprocessingTests
{
    private static readonly ChannelValues _imageNetMean = new(0.485f, 0.456f, 0.406f), _clipMean = new(0.48145466f, 0.4578275f, 0.40821073f);

    [TestMethod]
    public void EveryKnownNameHasSettingsThatCheck()
    {
        foreach (string name in VisionTransformerArchitecture.Known)
        {
            Assert.IsNotNull(PresetPreprocessing.Find(name), name);
            var settings = ImagePreprocessing.For(VisionTransformerArchitecture.Parse(name));
            settings.Check();
            Assert.AreEqual(VisionTransformerArchitecture.Parse(name).ImageSize, settings.Size);
        }
    }

    [TestMethod]
    [DataRow("vit_tiny_patch16_384", 0.5f, 1.0, ImageResizing.CenterCrop, ImageInterpolation.Bicubic)]
    [DataRow("vit_base_patch16_224_miil", 0f, 0.875, ImageResizing.CenterCrop, ImageInterpolation.Bilinear)]
    [DataRow("vit_medium_patch16_gap_384", 0.5f, 0.95, ImageResizing.Squash, ImageInterpolation.Bicubic)]
    [DataRow("deit_base_patch16_384", 0.485f, 1.0, ImageResizing.CenterCrop, ImageInterpolation.Bicubic)]
    [DataRow("vit_small_patch16_224.dino", 0.485f, 0.9, ImageResizing.CenterCrop, ImageInterpolation.Bicubic)]
    [DataRow("vit_small_patch16_224.augreg_in21k", 0.5f, 0.9, ImageResizing.CenterCrop, ImageInterpolation.Bicubic)]
    [DataRow("timm/vit_base_patch16_clip_384.openai_ft_in12k_in1k", 0.48145466f, 0.95, ImageResizing.Squash, ImageInterpolation.Bicubic)]
    [DataRow("vit_large_patch14_clip_336.openai", 0.48145466f, 1.0, ImageResizing.CenterCrop, ImageInterpolation.Bicubic)]
    [DataRow("vit_large_patch16_dinov3.sat493m", 0.43f, 1.0, ImageResizing.CenterCrop, ImageInterpolation.Bicubic)]
    [DataRow("eva02_large_patch14_448", 0.48145466f, 1.0, ImageResizing.Squash, ImageInterpolation.Bicubic)]
    public void ANameHasTimmsSettings(string name, float red, double crop, ImageResizing resizing, ImageInterpolation interpolation)
    {
        var settings = PresetPreprocessing.Find(name)!;
        Assert.AreEqual((red, crop, resizing, interpolation), (settings.Mean[0], settings.CropFraction, settings.Resizing, settings.Interpolation));
    }

    [TestMethod]
    public void AnotherImageSizeIsKeptAndTheCropStays()
    {
        var settings = ImagePreprocessing.For(VisionTransformerArchitecture.Parse("deit3_base_patch16_224") with { ImageSize = (448, 384) });
        Assert.AreEqual(new ImageDimensions(448, 384), settings.Size);
        Assert.AreEqual(0.9, settings.CropFraction);
        Assert.AreEqual(_imageNetMean, settings.Mean);
    }

    [TestMethod]
    public void GrayHasTheAverageOfTheColorsAndAFourthChannelToo()
    {
        var clip = VisionTransformerArchitecture.Parse("vit_base_patch16_clip_224.openai");
        float average = _clipMean.Average();
        Assert.AreEqual(new ChannelValues(average), ImagePreprocessing.For(clip with { Channels = 1 }).Mean);
        Assert.AreEqual(new ChannelValues([.. _clipMean, average]), ImagePreprocessing.For(clip with { Channels = 4 }).Mean);
    }
}
