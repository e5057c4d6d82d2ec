// Names and shapes of all parameters of an architecture, worked out without building the network.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>A parameter: timm's name of it, its role and its shape.</summary>
internal sealed record ParameterRow(string Name, ParameterRole Role, params long[] Shape)
{
    /// <summary>Number of values.</summary>
    internal long Length => Shape.Aggregate(1L, (product, size) => checked(product * size));
}

/// <summary>The parameters of a network in timm's order. A fixed sine and cosine table is a buffer and not among them.</summary>
internal static class ParameterTable
{
    /// <summary>One row for each parameter.</summary>
    internal static IEnumerable<ParameterRow> Parameters(this VisionTransformerArchitecture architecture)
    {
        int d = architecture.EmbeddingDimension;
        yield return new("cls_token", ParameterRole.ClassToken, 1, 1, d);
        if (architecture.PositionEmbedding == PositionEmbedding.Learned)
            yield return new("pos_embed", ParameterRole.Positions, 1, architecture.Tokens, d);
        var patch = architecture.PatchSize;
        yield return new("patch_embed.proj.weight", ParameterRole.PatchWeight, d, architecture.Channels, patch.Height, patch.Width);
        yield return new("patch_embed.proj.bias", ParameterRole.PatchBias, d);
        var rest = (architecture.PatchNorm ? Norm("patch_embed.norm", d) : [])
            .Concat(Enumerable.Range(0, architecture.Depth).SelectMany(i => Block(architecture, string.Create(CultureInfo.InvariantCulture, $"blocks.{i}"))))
            .Concat(Norm(architecture.Pooling == TokenPooling.Average ? "fc_norm" : "norm", d));
        foreach (var row in rest)
            yield return row;
        if (architecture.Classes == 0)
            yield break;
        yield return new("head.weight", ParameterRole.HeadWeight, architecture.Classes, d);
        yield return new("head.bias", ParameterRole.HeadBias, architecture.Classes);
    }

    /// <summary>Number of values in all parameters: 86,567,656 for <c>vit_base_patch16_224</c> with 1000 classes.</summary>
    internal static long ParameterCount(this VisionTransformerArchitecture architecture) => architecture.Parameters().Sum(row => row.Length);

    private static IEnumerable<ParameterRow> Block(VisionTransformerArchitecture architecture, string name)
    {
        int d = architecture.EmbeddingDimension, hidden = architecture.MlpHiddenDimension;
        IEnumerable<ParameterRow> qkvBias = architecture.QkvBias ? [new($"{name}.attn.qkv.bias", ParameterRole.LinearBias, 3L * d)] : [];
        return
        [
            .. Norm($"{name}.norm1", d),
            new($"{name}.attn.qkv.weight", ParameterRole.LinearWeight, 3L * d, d),
            .. qkvBias,
            new($"{name}.attn.proj.weight", ParameterRole.LinearWeight, d, d),
            new($"{name}.attn.proj.bias", ParameterRole.LinearBias, d),
            .. Norm($"{name}.norm2", d),
            new($"{name}.mlp.fc1.weight", ParameterRole.LinearWeight, hidden, d),
            new($"{name}.mlp.fc1.bias", ParameterRole.MlpBias, hidden),
            new($"{name}.mlp.fc2.weight", ParameterRole.LinearWeight, d, hidden),
            new($"{name}.mlp.fc2.bias", ParameterRole.MlpBias, d),
        ];
    }

    private static IEnumerable<ParameterRow> Norm(string name, int d) =>
        [new($"{name}.weight", ParameterRole.NormWeight, d), new($"{name}.bias", ParameterRole.NormBias, d)];
}
