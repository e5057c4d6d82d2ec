// Invalid architectures and the error message of each.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Architecture;

[TestClass]
public sealed class ArchitectureCheckTests
{
    private static readonly VisionTransformerArchitecture _good = TinyNetwork.Architecture;

    public static IEnumerable<object[]> Bad =>
    [
        [_good with { Heads = 5 }, "Heads is 5, which does not divide EmbeddingDimension 12"],
        [_good with { Heads = 0 }, "Heads is 0"],
        [_good with { EmbeddingDimension = 0 }, "EmbeddingDimension is 0"],
        [_good with { Depth = 0 }, "Depth is 0"],
        [_good with { Classes = -1 }, "Classes is -1"],
        [_good with { Channels = 0 }, "Channels is 0"],
        [_good with { ImageSize = (0, 21) }, "ImageSize is 0x21"],
        [_good with { PatchSize = (5, 0) }, "PatchSize is 5x0"],
        [_good with { PatchStride = (0, 7) }, "PatchStride is 0x7"],
        [_good with { ImageSize = (4, 21) }, "ImageSize is 4x21 and PatchSize 5x7: the image must hold at least one patch"],
        [_good with { ImageSize = (10, 6) }, "ImageSize is 10x6 and PatchSize 5x7"],
        [_good with { MlpRatio = double.NaN }, "MlpRatio is NaN"],
        [_good with { MlpRatio = 0.01 }, "MlpRatio is 0.01: with EmbeddingDimension 12 the hidden layer"],
        [_good with { MlpRatio = 1e12 }, "MlpRatio is 1000000000000: with"],
        [_good with { MlpRatio = (int.MaxValue - 5) / 12.0, MlpWidthMultiple = 64 }, "MlpRatio is"],
        [_good with { EmbeddingDimension = 30_000 }, "EmbeddingDimension is too large: attn.qkv.weight would have 2700000000 values"],
        [_good with { EmbeddingDimension = int.MaxValue - 1, Heads = 1, MlpRatio = 1e-9 }, "EmbeddingDimension is 2147483646; it must be from"],
        [_good with { MlpRatio = 1.7e7 }, "MlpRatio is 17000000: with EmbeddingDimension 12 the hidden layer"],
        [_good with { EmbeddingDimension = 16_383, MlpRatio = 16 }, "MlpRatio is too large: mlp.fc1.weight would have"],
        [_good with { ImageSize = (65_536, 65_536) }, "ImageSize is 65536x65536 with 2 channels; the limit is"],
        [_good with { EmbeddingDimension = 24_000, ImageSize = 350, PatchSize = 1 }, "ImageSize is too large: the tokens of an image would have"],
        [_good with { ImageSize = 1_000, PatchSize = 1 }, "ImageSize is 1000x1000 and PatchSize 1x1: they give 1000000 tokens"],
        [_good with { ImageSize = 10_000, PatchSize = 10_000 }, "PatchSize is too large: patch_embed.proj.weight would have 2400000000 values"],
        [_good with { RegisterTokens = int.MaxValue }, "RegisterTokens is 2147483647; it must be from"],
        [_good with { RepresentationDimension = int.MaxValue }, "RepresentationDimension is 2147483647; it must be from"],
        [_good with { EmbeddingDimension = 24_000, RepresentationDimension = 65_536 }, "RepresentationDimension is too large: pre_logits.fc.weight would have"],
        [_good with { Classes = int.MaxValue }, "Classes is 2147483647; it must be from"],
        [_good with { EmbeddingDimension = 24_000, Classes = 1_000_000 }, "Classes is too large: head.weight would have"],
        [_good with { NormEpsilon = 0 }, "NormEpsilon is 0"],
        [_good with { EmbeddingDropoutRate = 1 }, "EmbeddingDropoutRate is 1"],
        [_good with { AttentionDropoutRate = -0.1 }, "AttentionDropoutRate is -0.1"],
        [_good with { ProjectionDropoutRate = double.NaN }, "ProjectionDropoutRate is NaN"],
        [_good with { DropPathRate = 1.5 }, "DropPathRate is 1.5"],
        [_good with { PositionEmbedding = (PositionEmbedding)7 }, "PositionEmbedding is 7; it must be one of Learned, None, SinCos2D"],
        [_good with { Pooling = (TokenPooling)7 }, "Pooling is 7"],
        [_good with { Initialization = (WeightInitialization)7 }, "Initialization is 7"],
        [_good with { ClassToken = false }, "Pooling is ClassToken and ClassToken is false"],
        [_good with { ClassToken = false, Pooling = TokenPooling.ClassTokenAndAverage }, "there is no class token to read"],
        [_good with { DistillationToken = true, Pooling = TokenPooling.Average }, "DistillationToken needs ClassToken and TokenPooling.ClassToken; Pooling is Average"],
        [_good with { Pooling = TokenPooling.None }, "Pooling is None: the network returns all tokens, without a head. Set Classes (now 5)"],
        [_good with { Pooling = TokenPooling.ClassTokenAndAverage, NormAfterPooling = true }, "NormAfterPooling cannot be set with Pooling ClassTokenAndAverage"],
        [_good with { RegisterTokens = -1 }, "RegisterTokens is -1"],
        [_good with { RepresentationDimension = -1 }, "RepresentationDimension is -1"],
        [_good with { LayerScale = double.NaN }, "LayerScale is NaN"],
        [_good with { Mlp = (MlpKind)7 }, "Mlp is 7"],
        [_good with { Activation = (MlpActivation)7 }, "Activation is 7"],
        [_good with { MlpWidthMultiple = 0 }, "MlpWidthMultiple is 0"],
        [_good with { Rotary = new(), Heads = 2 }, "each head is 6 wide; Rotary needs a width divisible by 4"],
        [_good with { Rotary = new() { Temperature = 0 } }, "Temperature is 0"],
        [_good with { Rotary = new() { Layout = (RotaryLayout)7 } }, "Layout is 7"],
        [_good with { Rotary = new() { ReferenceGrid = (0, 3) } }, "ReferenceGrid is 0x3"],
        [
            _good with { EmbeddingDimension = 9, PositionEmbedding = PositionEmbedding.SinCos2D },
            "EmbeddingDimension is 9; with PositionEmbedding.SinCos2D it must be divisible by 4",
        ],
    ];

    [TestMethod]
    [DynamicData(nameof(Bad))]
    public void AnArchitectureThatCannotBeIsRefused(VisionTransformerArchitecture architecture, string message)
    {
        var error = Assert.Throws<ArgumentException>(() => new VisionTransformerNetwork(architecture));
        Assert.Contains(message, error.Message);
    }

    [TestMethod]
    public void AnArchitectureThatCanBeIsGivenBack()
    {
        Assert.AreSame(_good, _good.Check());
        Assert.Throws<ArgumentNullException>(() => new VisionTransformerNetwork(null!));
    }
}
