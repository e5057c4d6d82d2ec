// The variants of preprocessor_config.json.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Checkpoints.Configs;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Configs;

[TestClass]
public sealed class PreprocessorConfigTests
{
    private const string Bit =
        """{"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}}""";

    private static readonly ChannelValues _half = new(0.5f, 0.5f, 0.5f);
    private static readonly ChannelValues _imageNetMean = new(0.485f, 0.456f, 0.406f), _imageNetDeviation = new(0.229f, 0.224f, 0.225f);

    [TestMethod]
    [DataRow("""{"feature_extractor_type": "ViTFeatureExtractor", "size": 224, "resample": 2, "image_mean": [0.5, 0.5, 0.5]}""", DisplayName = "old")]
    [DataRow("""{"image_processor_type": "ViTImageProcessor", "size": {"height": 224, "width": 224}, "rescale_factor": 0.00392156862745098}""")]
    [DataRow("""{"image_processor_type": "ViTImageProcessorFast", "size": {"height": 224, "width": 224}, "crop_size": null, "do_center_crop": null}""")]
    [DataRow("{}", DisplayName = "empty")]
    public void Vit_IsSquashed(string json)
    {
        var (found, notes) = Read("vit", json);

        Assert.AreEqual(Squash(ImageInterpolation.Bilinear, _half, _half), found);
        Assert.IsEmpty(notes);
    }

    [TestMethod]
    [DataRow("""{"feature_extractor_type": "CLIPFeatureExtractor", "size": 256, "crop_size": 224, "do_center_crop": true}""", DisplayName = "old")]
    [DataRow(Bit, DisplayName = "new")]
    public void AShortestEdgeWithACrop_IsACenterCrop(string json)
    {
        var (found, _) = Read("vit", json);

        Assert.AreEqual(ImageResizing.CenterCrop, found.Resizing);
        Assert.AreEqual(224.0 / 256, found.CropFraction);
        Assert.AreEqual(ImageInterpolation.Bicubic, found.Interpolation);
        Assert.AreEqual(new ChannelValues(0.48145466f, 0.4578275f, 0.40821073f), found.Mean);
    }

    [TestMethod]
    public void EveryCropOfEveryEdge_ComesOutOfTimmsRuleAsThatEdge()
    {
        for (int edge = 1; edge <= 1024; edge++)
        {
            for (int crop = 1; crop <= edge; crop++)
            {
                double fraction = ProcessorGeometry.Fraction(crop, edge);
                if ((int)(crop / fraction) != edge || fraction > 1)
                    Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"{crop} of {edge}: {fraction:R} gives {(int)(crop / fraction)}"));
            }
        }
    }

    [TestMethod]
    public void AnotherImageSizeInTheWeights_KeepsTheCropsShare()
    {
        var (found, notes) = Read("dinov2", Bit, 518);

        Assert.AreEqual((ImageDimensions)518, found.Size);
        Assert.AreEqual(592, (int)(518 / found.CropFraction));
        Assert.Contains("224x224 pixels, but the weights' positions are for 518x518", string.Join(' ', notes));
    }

    [TestMethod]
    public void DeitsSquashBeforeItsCrop_BecomesACenterCropWithANote()
    {
        var (found, notes) = Read("deit", """{"feature_extractor_type": "DeiTFeatureExtractor", "size": 256, "crop_size": 224, "resample": 3}""");

        Assert.AreEqual((ImageResizing.CenterCrop, 0.875), (found.Resizing, found.CropFraction));
        Assert.Contains("square images", string.Join(' ', notes));
    }

    [TestMethod]
    public void ACropOfTheWholeSquash_IsASquash()
    {
        var (found, notes) = Read("deit", """{"feature_extractor_type": "DeiTFeatureExtractor", "size": 224, "crop_size": 224, "do_center_crop": true}""");

        Assert.AreEqual(Squash(ImageInterpolation.Bicubic, _half, _half), found);
        Assert.IsEmpty(notes);
    }

    [TestMethod]
    [DataRow("1", ImageInterpolation.Lanczos)]
    [DataRow("2", ImageInterpolation.Bilinear)]
    [DataRow("3", ImageInterpolation.Bicubic)]
    [DataRow("\"lanczos\"", ImageInterpolation.Lanczos)]
    [DataRow("\"BICUBIC\"", ImageInterpolation.Bicubic)]
    public void Resampling_IsPillowsNumberOrName(string value, ImageInterpolation expected) =>
        Assert.AreEqual(expected, Read("vit", $$"""{"resample": {{value}}}""").Found.Interpolation);

    [TestMethod]
    [DataRow("""{"do_normalize": false}""", 0f, 1f, DisplayName = "pixels from 0 to 1")]
    [DataRow("""{"do_normalize": false, "rescale_factor": 0.00784313725490196}""", 0f, 0.5f, DisplayName = "1/127.5: from 0 to 2")]
    [DataRow("""{"do_rescale": false, "image_mean": [127.5, 127.5, 127.5], "image_std": [255, 255, 255]}""", 0.5f, 1f, DisplayName = "bytes")]
    [DataRow("""{"image_mean": 0.25, "image_std": [0.75]}""", 0.25f, 0.75f, DisplayName = "one number for all channels")]
    [DataRow("""{"rescale_factor": 0.003921569}""", 0.5f, 0.5f, DisplayName = "1/255 with few digits")]
    public void ScalingAndNormalizing_BecomeMeanAndDeviation(string json, float mean, float deviation)
    {
        var (found, _) = Read("vit", json);

        Assert.AreEqual(new ChannelValues(mean, mean, mean), found.Mean);
        Assert.AreEqual(new ChannelValues(deviation, deviation, deviation), found.StandardDeviation);
    }

    [TestMethod]
    public void AGrayNetwork_HasOneMean()
    {
        var found = HuggingFaceFolder.Read("""{"model_type": "vit", "num_channels": 1}""", """{"image_mean": [0.1307], "image_std": [0.3081]}""").Preprocessing;

        Assert.AreEqual((new ChannelValues(0.1307f), new ChannelValues(0.3081f)), (found.Mean, found.StandardDeviation));
        Assert.AreEqual(new ChannelValues(0.5f), HuggingFaceFolder.Read("""{"model_type": "vit", "num_channels": 1}""").Preprocessing.Mean);
    }

    [TestMethod]
    public void AMissingFile_IsWhatThePublishedModelsHave()
    {
        var imageNetCrop = new ImagePreprocessing { CropFraction = 0.875, Mean = _imageNetMean, StandardDeviation = _imageNetDeviation };
        var clip = new ImagePreprocessing
        {
            CropFraction = 1,
            Mean = new ChannelValues(0.48145466f, 0.4578275f, 0.40821073f),
            StandardDeviation = new ChannelValues(0.26862954f, 0.26130258f, 0.27577711f),
        };
        var imageNetSquash = Squash(ImageInterpolation.Bilinear, _imageNetMean, _imageNetDeviation);
        foreach (var (type, expected) in new (string, ImagePreprocessing)[]
        {
            ("vit", Squash(ImageInterpolation.Bilinear, _half, _half)),
            ("vit_mae", imageNetSquash),
            ("vit_msn", imageNetSquash),
            ("dinov3_vit", imageNetSquash),
            ("siglip", Squash(ImageInterpolation.Bicubic, _half, _half)),
            ("deit", imageNetCrop),
            ("dinov2", imageNetCrop),
            ("dinov2_with_registers", imageNetCrop),
            ("clip", clip),
        })
        {
            var found = HuggingFaceFolder.Read($$"""{"model_type": "{{type}}"}""");

            Assert.AreEqual(expected, found.Preprocessing, type);
            Assert.Contains("There is no preprocessor_config.json", found.Notes[^1]);
        }
    }

    [TestMethod]
    [DataRow("\"do_resize\": false", "do_resize is false: images must be resized")]
    [DataRow("\"resample\": 0", "resample is 0, but 1 (Lanczos), 2 (bilinear) or 3 (bicubic)")]
    [DataRow("\"resample\": \"nearest\"", "resample is \"nearest\", but 1 (Lanczos)")]
    [DataRow("\"resample\": 2.5", "resample is 2.5, but 1 (Lanczos)")]
    [DataRow("\"resample\": {}", "resample is {}, but 1 (Lanczos)")]
    [DataRow("\"size\": -1", "size is -1, but an integer")]
    [DataRow("\"size\": {}", "size is {}, but either height and width, or shortest_edge alone")]
    [DataRow("\"size\": {\"height\": 224}", "either height and width, or shortest_edge alone")]
    [DataRow("\"size\": {\"height\": 224, \"width\": 224, \"shortest_edge\": 224}", "either height and width, or shortest_edge alone")]
    [DataRow("\"size\": {\"height\": 1e9, \"width\": 224}", "size: height is 1e9, but an integer from 1 to 65536")]
    [DataRow("\"size\": {\"shortest_edge\": 256}", "images keep their aspect ratio and are not cropped")]
    [DataRow("\"size\": {\"shortest_edge\": 256}, \"do_center_crop\": true", "crop_size is missing, but the size of the center crop")]
    [DataRow("\"size\": {\"shortest_edge\": 256}, \"do_center_crop\": true, \"crop_size\": 300", "crop_size is 300: the crop must be square and at most 256")]
    [DataRow("\"size\": {\"shortest_edge\": 256}, \"do_center_crop\": true, \"crop_size\": [224, 192]", "crop_size is [224, 192]: the crop must be square")]
    [DataRow("\"size\": {\"shortest_edge\": 256}, \"do_center_crop\": true, \"crop_size\": {\"height\": 224}", "crop_size: width is missing")]
    [DataRow("\"size\": {\"shortest_edge\": 256}, \"do_center_crop\": true, \"crop_size\": 224, \"crop_pct\": 0.5", "crop_pct is 0.5, but a fraction close to 224")]
    [DataRow("\"size\": [256, 192], \"do_center_crop\": true, \"crop_size\": 128", "crop_size is 128: after a resize to 256x192, only")]
    [DataRow("\"rescale_factor\": 0", "rescale_factor is 0, but a number from 1e-6 to 1")]
    [DataRow("\"rescale_factor\": \"1/255\"", "rescale_factor is \"1/255\", but a number from 1e-6 to 1")]
    [DataRow("\"image_mean\": [0.5, 0.5]", "image_mean is [0.5, 0.5], but one number, or one for each of 3 channels, of at most a million, is expected")]
    [DataRow("\"image_mean\": []", "image_mean is [], but one number, or one for each of 3")]
    [DataRow("\"image_mean\": [1e9, 0, 0]", "image_mean is [1e9, 0, 0], but one number, or one for each of 3")]
    [DataRow("\"image_std\": [0.5, 0.5, 0]", "image_std is [0.5, 0.5, 0], but one number, or one for each of 3 channels, of at most a million, above 0,")]
    [DataRow("\"image_std\": [0.5, null, 0.5]", "image_std is [0.5, null, 0.5], but one number")]
    [DataRow("\"do_pad\": true", "do_pad is true: this step is not supported")]
    [DataRow("\"image_processor_type\": \"ConvNextImageProcessor\"", "image_processor_type is \"ConvNextImageProcessor\": the supported image processors")]
    public void WhatCannotBeDone_IsRefusedByName(string setting, string expected)
    {
        var e = Assert.ThrowsExactly<InvalidCheckpointException>(() => Read("vit", $"{{{setting}}}"));

        Assert.Contains(expected, e.Message);
        Assert.Contains("preprocessor_config.json", e.Message);
    }

    [TestMethod]
    public void StatisticsOfThreeColors_AreNotGuessedForAGrayNetwork()
    {
        var e = Assert.ThrowsExactly<InvalidCheckpointException>(() => HuggingFaceFolder.Read("""{"model_type": "dinov2", "num_channels": 1}"""));

        Assert.Contains("image_mean is missing, but one number, or one for each of 1", e.Message);
    }

    private static ImagePreprocessing Squash(ImageInterpolation interpolation, ChannelValues mean, ChannelValues deviation) => new()
    {
        Resizing = ImageResizing.Squash,
        CropFraction = 1,
        Interpolation = interpolation,
        Mean = mean,
        StandardDeviation = deviation,
    };

    private static (ImagePreprocessing Found, IReadOnlyList<string> Notes) Read(string type, string json, int imageSize = 224)
    {
        var found = HuggingFaceFolder.Read($$"""{"model_type": "{{type}}", "image_size": {{imageSize}}}""", json);
        found.Preprocessing.Check();
        return (found.Preprocessing, found.Notes);
    }
}
