// Writing timm's config.json: round trips, and rejection of what timm cannot express.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Checkpoints.Configs;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints.Configs;

[TestClass]
public sealed class TimmConfigWriterTests : IDisposable
{
    private static readonly Func<VisionTransformerArchitecture, VisionTransformerArchitecture>[] _changes =
    [
        a => a,
        a => a with { ImageSize = (a.PatchSize.Height * 3, a.PatchSize.Width * 5), Classes = 7, Channels = 1 },
        a => a with { PatchSize = 8, EmbeddingDimension = 48, Depth = 2, Heads = 4, MlpRatio = 2.75 },
        a => a with { ClassToken = true, Pooling = TokenPooling.ClassToken },
        a => a with { QkvBias = !a.QkvBias, LayerScale = a.LayerScale is null ? 0.1 : null, AttentionNorm = true, MlpNorm = true },
        a => a with { EmbeddingDropoutRate = 0.1, AttentionDropoutRate = 0.2, ProjectionDropoutRate = 0.3, DropPathRate = 0.4 },
        a => a with { PreNorm = !a.PreNorm, PatchBias = a.PreNorm, Classes = 0 },
        a => a.DistillationToken ? a : a with { RegisterTokens = 2, PositionsCoverPrefix = !a.PositionsCoverPrefix },
        a => a.DistillationToken ? a : a with { Pooling = TokenPooling.Average, NormAfterPooling = false },
        a => a.DistillationToken ? a : a with { Pooling = TokenPooling.None, PositionEmbedding = PositionEmbedding.None, Classes = 0 },
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void WhatWasWrittenIsReadBackForEveryNameAndChange()
    {
        foreach (string name in VisionTransformerArchitecture.Known)
        {
            foreach (var change in _changes)
                AssertReadBack(change(VisionTransformerArchitecture.Parse(name)));
        }
    }

    [TestMethod]
    public void APresetNeedsNoArguments()
    {
        string path = _folder.File("config.json");
        foreach (string name in VisionTransformerArchitecture.Known)
        {
            var architecture = VisionTransformerArchitecture.Parse(name);
            Assert.AreEqual(name, Write(path, architecture, ImagePreprocessing.For(architecture), classNames: null).Architecture.Name);
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            Assert.IsFalse(document.RootElement.TryGetProperty("model_args", out _), name);
        }
    }

    [TestMethod]
    public void TheArgumentsAreExactlyTheDifferences()
    {
        var (preset, arguments) = TimmConfigWriter.Express(
            VisionTransformerArchitecture.Parse("eva02_tiny_patch14_224") with { ImageSize = (28, 42), RegisterTokens = 3, Rotary = null, MlpNorm = true });
        Assert.AreEqual("eva02_tiny_patch14_224", preset.Architecture.Name);
        Assert.AreEqual(
            """{"img_size":[28,42],"scale_mlp":true,"num_reg_tokens":3,"use_rot_pos_emb":false,"ref_feat_shape":null}""", arguments.ToJsonString());
    }

    [TestMethod]
    public void AMaximumOfEvaIsNormedAfterwardsWhereTheArchitectureSaysSo()
    {
        var (_, arguments) = TimmConfigWriter.Express(VisionTransformerArchitecture.Parse("eva_giant_patch14_224") with { Pooling = TokenPooling.Max });
        Assert.AreEqual("""{"global_pool":"max","use_fc_norm":true}""", arguments.ToJsonString());
    }

    [TestMethod]
    [DynamicData(nameof(Foreign))]
    public void AnArchitectureOfNoOrAnotherNameBeginsAtABase(VisionTransformerArchitecture architecture, string expected)
    {
        string path = _folder.File("config.json");
        Assert.AreEqual(expected, Write(path, architecture, ImagePreprocessing.For(architecture), classNames: null).Architecture.Name);
        Assert.AreEqual(architecture with { Name = expected }, TimmConfig.Read(path).Architecture);
    }

    public static IEnumerable<object[]> Foreign()
    {
        var own = new VisionTransformerArchitecture { Name = "my own" };
        yield return [own with { QkNorm = true, PatchNorm = true }, "vit_base_patch16_224"];
        yield return [own with { NormEpsilon = 1e-5, Activation = MlpActivation.GeluTanh }, "vit_base_patch16_clip_224"];
        yield return [own with { DistillationToken = true }, "deit_base_distilled_patch16_224"];
        yield return [own with { Mlp = MlpKind.SwiGlu }, "vit_giant_patch14_dinov2"];
        yield return [own with { Name = "vit_tiny_patch16_224", KeyBias = false, Rotary = new RotaryEmbedding() }, "eva_giant_patch14_224"];
        yield return [own with { KeyBias = false, NormEpsilon = 1e-5 }, "vit_base_patch16_dinov3"];
    }

    [TestMethod]
    [DynamicData(nameof(Inexpressible))]
    public void WhatTimmCannotExpressIsNamed(VisionTransformerArchitecture architecture, string part)
    {
        var error = Assert.ThrowsExactly<NotSupportedException>(() => TimmConfigWriter.Express(architecture));
        Assert.Contains($"timm cannot express this architecture: {part}", error.Message);
    }

    public static IEnumerable<object[]> Inexpressible()
    {
        var plain = new VisionTransformerArchitecture();
        yield return [plain with { PatchStride = 8 }, "PatchStride"];
        yield return [plain with { PatchBias = false }, "PatchBias"];
        yield return [plain with { Pooling = TokenPooling.ClassTokenAndAverage }, "Pooling"];
        yield return [plain with { RepresentationDimension = 768 }, "RepresentationDimension"];
        yield return [plain with { HeadBias = false }, "HeadBias"];
        yield return [plain with { PositionEmbedding = PositionEmbedding.SinCos2D }, "PositionEmbedding"];
        yield return [plain with { NormEpsilon = 1e-7 }, "NormEpsilon"];
        yield return [plain with { MlpWidthMultiple = 8 }, "MlpWidthMultiple"];
        yield return [plain with { Rotary = new RotaryEmbedding() }, "Rotary"];
    }

    [TestMethod]
    public void ClassNamesGoWithTheHead()
    {
        var architecture = new VisionTransformerArchitecture { Classes = 2 };
        string path = _folder.File("config.json");
        Write(path, architecture, ImagePreprocessing.For(architecture), ["Löwenzahn", "\"rose\""]);
        CollectionAssert.AreEqual(new[] { "Löwenzahn", "\"rose\"" }, TimmConfig.Read(path).ClassNames!.ToArray());
    }

    private void AssertReadBack(VisionTransformerArchitecture architecture)
    {
        string path = _folder.File("config.json");
        var preprocessing = ImagePreprocessing.For(architecture) with { CropFraction = 0.8125, Interpolation = ImageInterpolation.Lanczos };
        Write(path, architecture, preprocessing, classNames: null);
        var read = TimmConfig.Read(path);
        Assert.AreEqual(architecture, read.Architecture);
        Assert.AreEqual(preprocessing, read.Preprocessing);
        Assert.IsNull(read.ClassNames);
        Assert.IsEmpty(read.Notes);
    }

    private static ArchitecturePreset Write(string path, VisionTransformerArchitecture architecture, ImagePreprocessing preprocessing, IReadOnlyList<string>? classNames)
    {
        using var stream = File.Create(path);
        return TimmConfigWriter.Write(stream, architecture, preprocessing, classNames);
    }
}
