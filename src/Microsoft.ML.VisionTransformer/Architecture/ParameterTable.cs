// Names and shapes of all parameters of an architecture, computed without building the network.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Architecture;

/// <summary>The parameters of a network in timm's order. A fixed sine-cosine table is a buffer, not a parameter.</summary>
internal static class ParameterTable
{
    /// <summary>One row for each parameter.</summary>
    internal static IEnumerable<ParameterRow> Parameters(this VisionTransformerArchitecture architecture) =>
        Embedding(architecture)
            .Concat(Enumerable.Range(0, architecture.Depth).SelectMany(i => Block(architecture, string.Create(CultureInfo.InvariantCulture, $"blocks.{i}"))))
            .Concat(Ending(architecture));

    /// <summary>The entries of the state dictionary: the parameters, and the fixed position table if there is one.</summary>
    internal static IEnumerable<ParameterRow> State(this VisionTransformerArchitecture architecture) =>
    [
        .. architecture.Parameters(),
        .. When(
            architecture.PositionEmbedding == PositionEmbedding.SinCos2D,
            new ParameterRow("pos_embed", ParameterRole.Positions, 1, architecture.PositionCount, architecture.EmbeddingDimension)),
    ];

    /// <summary>Number of values in all parameters: 86,567,656 for <c>vit_base_patch16_224</c> with 1000 classes.</summary>
    internal static long ParameterCount(this VisionTransformerArchitecture architecture) =>
        Embedding(architecture).Sum(row => row.Length)
        + architecture.Depth * Block(architecture, "").Sum(row => row.Length)
        + Ending(architecture).Sum(row => row.Length);

    private static IEnumerable<ParameterRow> Embedding(VisionTransformerArchitecture architecture)
    {
        int d = architecture.EmbeddingDimension;
        var patch = architecture.PatchSize;
        return
        [
            .. When(architecture.ClassToken, new ParameterRow("cls_token", ParameterRole.ClassToken, 1, 1, d)),
            .. When(architecture.DistillationToken, new ParameterRow("dist_token", ParameterRole.DistillationToken, 1, 1, d)),
            .. When(architecture.RegisterTokens > 0, new ParameterRow("reg_token", ParameterRole.RegisterTokens, 1, architecture.RegisterTokens, d)),
            .. When(
                architecture.PositionEmbedding == PositionEmbedding.Learned,
                new ParameterRow("pos_embed", ParameterRole.Positions, 1, architecture.PositionCount, d)),
            new("patch_embed.proj.weight", ParameterRole.PatchWeight, d, architecture.Channels, patch.Height, patch.Width),
            .. When(architecture.PatchBias, new ParameterRow("patch_embed.proj.bias", ParameterRole.PatchBias, d)),
            .. When(architecture.PatchNorm, Norm("patch_embed.norm", d)),
            .. When(architecture.PreNorm, Norm("norm_pre", d)),
        ];
    }

    private static IEnumerable<ParameterRow> Block(VisionTransformerArchitecture architecture, string name)
    {
        int d = architecture.EmbeddingDimension, hidden = architecture.MlpHiddenDimension, width = d / architecture.Heads;
        bool scaled = architecture.LayerScale is not null;
        return
        [
            .. Norm($"{name}.norm1", d),
            new($"{name}.attn.qkv.weight", ParameterRole.LinearWeight, 3L * d, d),
            .. When(architecture is { QkvBias: true, KeyBias: true }, new ParameterRow($"{name}.attn.qkv.bias", ParameterRole.LinearBias, 3L * d)),
            .. When(
                architecture is { QkvBias: true, KeyBias: false },
                new ParameterRow($"{name}.attn.q_bias", ParameterRole.LinearBias, d),
                new ParameterRow($"{name}.attn.v_bias", ParameterRole.LinearBias, d)),
            .. When(architecture.QkNorm, [.. Norm($"{name}.attn.q_norm", width), .. Norm($"{name}.attn.k_norm", width)]),
            .. When(architecture.AttentionNorm, Norm($"{name}.attn.norm", d)),
            .. Linear($"{name}.attn.proj", d, d, ParameterRole.LinearBias),
            .. When(scaled, new ParameterRow($"{name}.ls1.gamma", ParameterRole.LayerScale, d)),
            .. Norm($"{name}.norm2", d),
            .. Linear($"{name}.mlp.fc1", architecture.Mlp == MlpKind.SwiGlu ? 2 * hidden : hidden, d, ParameterRole.MlpBias),
            .. When(architecture.MlpNorm, Norm($"{name}.mlp.norm", hidden)),
            .. Linear($"{name}.mlp.fc2", d, hidden, ParameterRole.MlpBias),
            .. When(scaled, new ParameterRow($"{name}.ls2.gamma", ParameterRole.LayerScale, d)),
        ];
    }

    private static IEnumerable<ParameterRow> Ending(VisionTransformerArchitecture architecture)
    {
        int d = architecture.EmbeddingDimension, features = architecture.FeatureDimension;
        return
        [
            .. When(!architecture.NormsPooled, Norm("norm", d)),
            .. PoolingRecipe.Of(architecture.Pooling).Attends ? AttentionPool(d, architecture.MlpHiddenDimension) : [],
            .. When(architecture.NormsPooled, Norm("fc_norm", d)),
            .. When(architecture.RepresentationDimension > 0, Linear("pre_logits.fc", features, architecture.PooledDimension, ParameterRole.LinearBias)),
            .. Head(architecture, "head", architecture.Classes > 0),
            .. Head(architecture, "head_dist", architecture is { Classes: > 0, DistillationToken: true }),
        ];
    }

    private static IEnumerable<ParameterRow> AttentionPool(int d, int hidden) =>
    [
        new("attn_pool.latent", ParameterRole.Latent, 1, 1, d),
        .. Linear("attn_pool.q", d, d, ParameterRole.LinearBias),
        .. Linear("attn_pool.kv", 2 * d, d, ParameterRole.LinearBias),
        .. Linear("attn_pool.proj", d, d, ParameterRole.LinearBias),
        .. Norm("attn_pool.norm", d),
        .. Linear("attn_pool.mlp.fc1", hidden, d, ParameterRole.MlpBias),
        .. Linear("attn_pool.mlp.fc2", d, hidden, ParameterRole.MlpBias),
    ];

    private static IEnumerable<ParameterRow> Head(VisionTransformerArchitecture architecture, string name, bool exists) =>
    [
        .. When(exists, new ParameterRow($"{name}.weight", ParameterRole.HeadWeight, architecture.Classes, architecture.FeatureDimension)),
        .. When(exists && architecture.HeadBias, new ParameterRow($"{name}.bias", ParameterRole.HeadBias, architecture.Classes)),
    ];

    private static ParameterRow[] When(bool condition, params ParameterRow[] rows) => condition ? rows : [];

    private static ParameterRow[] Linear(string name, int outputs, int inputs, ParameterRole bias) =>
        [new($"{name}.weight", ParameterRole.LinearWeight, outputs, inputs), new($"{name}.bias", bias, outputs)];

    private static ParameterRow[] Norm(string name, int d) =>
        [new($"{name}.weight", ParameterRole.NormWeight, d), new($"{name}.bias", ParameterRole.NormBias, d)];
}

/// <summary>A parameter: timm's name, its role and its shape.</summary>
internal sealed record ParameterRow(string Name, ParameterRole Role, params long[] Shape)
{
    /// <summary>Number of values.</summary>
    internal long Length => Shape.Aggregate(1L, (product, size) => checked(product * size));
}

/// <summary>The role of a parameter; <c>Weights/WeightInitializer.cs</c> defines the initial values of each role.</summary>
internal enum ParameterRole
{
    /// <summary>The class token.</summary>
    ClassToken,

    /// <summary>DeiT's distillation token.</summary>
    DistillationToken,

    /// <summary>The register tokens.</summary>
    RegisterTokens,

    /// <summary>The query of attention pooling.</summary>
    Latent,

    /// <summary>The factors of LayerScale.</summary>
    LayerScale,

    /// <summary>The learned position table.</summary>
    Positions,

    /// <summary>The kernel of the patch projection.</summary>
    PatchWeight,

    /// <summary>The bias of the patch projection.</summary>
    PatchBias,

    /// <summary>The scale of a layer norm.</summary>
    NormWeight,

    /// <summary>The shift of a layer norm.</summary>
    NormBias,

    /// <summary>A matrix inside a block.</summary>
    LinearWeight,

    /// <summary>The bias of an attention layer.</summary>
    LinearBias,

    /// <summary>The bias of an MLP layer.</summary>
    MlpBias,

    /// <summary>The matrix of the head.</summary>
    HeadWeight,

    /// <summary>The bias of the head.</summary>
    HeadBias,
}
