// Round trips of descriptions through Hugging Face's layout, and rejection of those that it cannot express.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Checkpoints.Configs;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Configs;

[TestClass]
public sealed class HuggingFaceConfigWriterTests
{
    private static readonly VisionTransformerArchitecture _vit = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with { Classes = 3 };

    private static readonly VisionTransformerArchitecture _dinov2 = _vit with
    {
        LayerScale = 1e-5,
        PatchSize = 14,
        Pooling = TokenPooling.ClassTokenAndAverage,
        ImageSize = 56,
    };

    [TestMethod]
    public void APlainVit_ComesBack() => ExpectBack(_vit);

    [TestMethod]
    public void EveryPartOfAVit_ComesBack() => ExpectBack(_vit with
    {
        ImageSize = 64,
        PatchSize = (8, 16),
        EmbeddingDimension = 96,
        Depth = 4,
        Channels = 1,
        MlpRatio = VisionTransformerArchitecture.MlpRatioOf(100, 96),
        QkvBias = false,
        Activation = MlpActivation.QuickGelu,
        NormEpsilon = 1e-12,
        EmbeddingDropoutRate = 0.3,
        ProjectionDropoutRate = 0.1,
        AttentionDropoutRate = 0.2,
        DropPathRate = 0.15,
    });

    [TestMethod]
    public void ADinov2_ComesBack() => ExpectBack(_dinov2);

    [TestMethod]
    public void ADinov2WithRegistersAndAGate_ComesBack() => ExpectBack(_dinov2 with
    {
        RegisterTokens = 4,
        PositionsCoverPrefix = false,
        Mlp = MlpKind.SwiGlu,
        MlpRatio = VisionTransformerArchitecture.MlpRatioOf(520, 192),
    });

    [TestMethod]
    public void AWidthInMultiples_ComesBackAsARatioOfTheSameWidth()
    {
        var found = Back(Describe(_vit with { MlpRatio = 2.6667, MlpWidthMultiple = 8, Initialization = WeightInitialization.Jax })).Architecture;

        Assert.AreEqual(512, found.MlpHiddenDimension);
        Assert.AreEqual(WeightInitialization.Timm, found.Initialization);
    }

    [TestMethod]
    [DataRow(ImageResizing.CenterCrop, 0.9)]
    [DataRow(ImageResizing.CenterCrop, 0.95)]
    [DataRow(ImageResizing.CenterCrop, 1.0)]
    [DataRow(ImageResizing.Squash, 0.9)]
    public void Preprocessing_ComesBack(ImageResizing resizing, double fraction) => ExpectBack(_vit, new ImagePreprocessing
    {
        Resizing = resizing,
        CropFraction = fraction,
        Interpolation = ImageInterpolation.Lanczos,
        Mean = new ChannelValues(0.48145466f, 0.4578275f, 0.40821073f),
        StandardDeviation = new ChannelValues(0.1f, 0.2f, 1 / 3f),
    });

    [TestMethod]
    public void ClassesWithoutNames_ComeBackWithoutNames()
    {
        var found = Back(Describe(_vit) with { ClassNames = null });

        Assert.IsNull(found.ClassNames);
        Assert.AreEqual(3, found.Architecture.Classes);
    }

    [TestMethod]
    public void TwoClassesOfOneName_ComeBack() => CollectionAssert.AreEqual(
        new[] { "crane", "crane", "größe \"x\"" }, Back(Describe(_vit) with { ClassNames = ["crane", "crane", "größe \"x\""] }).ClassNames!.ToArray());

    [TestMethod]
    public void TheFiles_HaveTheKeysThatTransformersWrites()
    {
        using var folder = new TemporaryFolder();

        Write(folder.Path, Describe(_vit));

        using var config = JsonDocument.Parse(File.ReadAllBytes(folder.File("config.json")));
        Assert.AreEqual("ViTForImageClassification", config.RootElement.GetProperty("architectures")[0].GetString());
        Assert.AreEqual(768, config.RootElement.GetProperty("intermediate_size").GetInt32());
        Assert.AreEqual("b", config.RootElement.GetProperty("id2label").GetProperty("1").GetString());
        Assert.AreEqual(2, config.RootElement.GetProperty("label2id").GetProperty("c").GetInt32());
        using var preprocessor = JsonDocument.Parse(File.ReadAllBytes(folder.File("preprocessor_config.json")));
        Assert.AreEqual("BitImageProcessor", preprocessor.RootElement.GetProperty("image_processor_type").GetString());
        Assert.AreEqual(248, preprocessor.RootElement.GetProperty("size").GetProperty("shortest_edge").GetInt32());
    }

    [TestMethod]
    public void WhatHuggingFaceHasNoWordsFor_IsRefusedByName()
    {
        foreach (var (architecture, expected) in new[]
        {
            (_vit with { QkNorm = true, PreNorm = true }, "ViT does not support the values of PreNorm, QkNorm"),
            (_vit with { Pooling = TokenPooling.Average }, "Pooling"),
            (_vit with { RegisterTokens = 2 }, "RegisterTokens"),
            (_vit with { RepresentationDimension = 7 }, "RepresentationDimension"),
            (_vit with { Name = "" }, "Name"),
            (_vit with { PatchStride = 8 }, "PatchStride"),
            (_dinov2 with { Pooling = TokenPooling.ClassToken }, "DINOv2 does not support the values of Pooling"),
            (_dinov2 with { Mlp = MlpKind.SwiGlu, MlpRatio = VisionTransformerArchitecture.MlpRatioOf(100, 192) }, "MlpRatio"),
            (_vit with { Classes = 0 }, "Classes is 0"),
            (_vit with { Classes = 4 }, "3 class names and 4 classes"),
        })
        {
            using var folder = new TemporaryFolder();

            var e = Assert.ThrowsExactly<NotSupportedException>(() => Write(folder.Path, Describe(architecture)));

            Assert.Contains(expected, e.Message);
            Assert.IsEmpty(Directory.GetFiles(folder.Path));
        }
    }

    [TestMethod]
    public void PreprocessingThatCannotBeWritten_IsRefused()
    {
        var description = Describe(_vit);
        var preprocessing = description.Preprocessing;

        Assert.Contains("Pad", HuggingFaceConfigWriter.Obstacle(description with { Preprocessing = preprocessing with { Resizing = ImageResizing.Pad } })!);
        Assert.Contains("128x128", HuggingFaceConfigWriter.Obstacle(description with { Preprocessing = preprocessing with { Size = 128 } })!);
        Assert.Contains(
            "only square inputs",
            HuggingFaceConfigWriter.Obstacle(Describe(_vit with { ImageSize = (224, 192) }))!);
    }

    private static CheckpointDescription Describe(VisionTransformerArchitecture architecture) =>
        new(architecture, ImagePreprocessing.For(architecture), ["a", "b", "c"], []);

    private static void ExpectBack(VisionTransformerArchitecture architecture, ImagePreprocessing? preprocessing = null)
    {
        var description = Describe(architecture);
        description = description with { Preprocessing = preprocessing ?? description.Preprocessing };

        var found = Back(description);

        Assert.AreEqual(description.Architecture, found.Architecture);
        Assert.AreEqual(description.Preprocessing, found.Preprocessing);
        CollectionAssert.AreEqual(description.ClassNames!.ToArray(), found.ClassNames!.ToArray());
        Assert.IsEmpty(found.Notes);
    }

    private static CheckpointDescription Back(CheckpointDescription description)
    {
        using var folder = new TemporaryFolder();
        using var weights = new FakeCheckpoint();
        Write(folder.Path, description);
        Assert.IsTrue(HuggingFaceConfig.Matches(folder.Path));
        return HuggingFaceConfig.Read(folder.Path, weights);
    }

    private static void Write(string folder, CheckpointDescription description)
    {
        using var files = new FileSet(Path.Combine(folder, HuggingFaceConfig.FileName));
        HuggingFaceConfig.Write(files, folder, description);
        files.Commit();
    }
}
