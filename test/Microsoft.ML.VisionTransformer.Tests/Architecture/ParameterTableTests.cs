// Names, shapes and counts of parameters, in the table and in the network.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Architecture;

[TestClass]
public sealed class ParameterTableTests
{
    private static readonly string[] _keysOfOneBlock =
    [
        "blocks.0.attn.proj.bias [12]",
        "blocks.0.attn.proj.weight [12, 12]",
        "blocks.0.attn.qkv.bias [36]",
        "blocks.0.attn.qkv.weight [36, 12]",
        "blocks.0.mlp.fc1.bias [18]",
        "blocks.0.mlp.fc1.weight [18, 12]",
        "blocks.0.mlp.fc2.bias [12]",
        "blocks.0.mlp.fc2.weight [12, 18]",
        "blocks.0.norm1.bias [12]",
        "blocks.0.norm1.weight [12]",
        "blocks.0.norm2.bias [12]",
        "blocks.0.norm2.weight [12]",
        "cls_token [1, 1, 12]",
        "head.bias [5]",
        "head.weight [5, 12]",
        "norm.bias [12]",
        "norm.weight [12]",
        "patch_embed.norm.bias [12]",
        "patch_embed.norm.weight [12]",
        "patch_embed.proj.bias [12]",
        "patch_embed.proj.weight [12, 2, 5, 7]",
        "pos_embed [1, 7, 12]",
    ];

    public static IEnumerable<object[]> Variants =>
    [
        [TinyNetwork.Architecture],
        [TinyNetwork.Architecture with { QkvBias = false, Classes = 0 }],
        [TinyNetwork.Architecture with { PositionEmbedding = PositionEmbedding.None, Pooling = TokenPooling.Average }],
        [TinyNetwork.Architecture with { PositionEmbedding = PositionEmbedding.SinCos2D, PatchNorm = true }],
        [TinyNetwork.Architecture with { PatchStride = (3, 4), Depth = 1, Channels = 1 }],
        [TinyNetwork.Architecture with { ClassToken = false, RegisterTokens = 3, Pooling = TokenPooling.Attention, PatchBias = false, PreNorm = true }],
        [TinyNetwork.Architecture with { DistillationToken = true, LayerScale = 0.1, PositionsCoverPrefix = false, HeadBias = false }],
        [TinyNetwork.Architecture with { KeyBias = false, QkNorm = true, AttentionNorm = true, Mlp = MlpKind.SwiGlu, MlpNorm = true, MlpWidthMultiple = 8 }],
        [TinyNetwork.Architecture with { Pooling = TokenPooling.ClassTokenAndAverage, RepresentationDimension = 7, Rotary = new() }],
        [TinyNetwork.Architecture with { Pooling = TokenPooling.None, NormAfterPooling = true, Classes = 0, RegisterTokens = 2 }],
    ];

    [TestMethod]
    // timm's counts for 1000 classes.
    [DataRow("vit_tiny_patch16_224", 5_717_416)]
    [DataRow("vit_small_patch16_224", 22_050_664)]
    [DataRow("vit_base_patch16_224", 86_567_656)]
    [DataRow("vit_large_patch16_224", 304_326_632)]
    public void ParameterCountsAreTimms(string name, long count) => Assert.AreEqual(count, VisionTransformerArchitecture.Parse(name).CountParameters());

    [TestMethod]
    public void VitTinyAsBuiltHasTimmsParameterCount()
    {
        using var network = VisionTransformerNetwork.WithUnsetWeights(VisionTransformerArchitecture.Parse("vit_tiny_patch16_224"));
        Assert.AreEqual(5_717_416, network.parameters().Sum(p => p.numel()));
    }

    [TestMethod]
    [DynamicData(nameof(Variants))]
    public void TheTableAndTheNetworkAgree(VisionTransformerArchitecture architecture)
    {
        using var network = new VisionTransformerNetwork(architecture);

        string[] built = [.. network.named_parameters().Select(p => $"{p.name} {string.Join('x', p.parameter.shape)}").Order(StringComparer.Ordinal)];
        string[] listed = [.. architecture.Parameters().Select(row => $"{row.Name} {string.Join('x', row.Shape)}").Order(StringComparer.Ordinal)];

        CollectionAssert.AreEqual(listed, built);
        Assert.AreEqual(network.parameters().Sum(p => p.numel()), architecture.ParameterCount());
    }

    [TestMethod]
    public void KeysAndShapesOfTheStateDictionaryAreTimms()
    {
        using var network = new VisionTransformerNetwork(TinyNetwork.Architecture with { Depth = 1, PatchNorm = true });

        string[] actual = [.. network.state_dict().Select(entry => $"{entry.Key} [{string.Join(", ", entry.Value.shape)}]").Order(StringComparer.Ordinal)];

        CollectionAssert.AreEqual(_keysOfOneBlock, actual);
    }
}
