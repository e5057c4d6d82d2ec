// Shorthand for the rows that layouts have in common: a module's weight and bias.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class NameRules
{
    /// <summary>Kernel of a Flax Dense layer.</summary>
    internal const string Transposed = "in out -> out in";

    /// <summary>Kernel of a Flax projection to heads.</summary>
    internal const string HeadsLast = "in heads width -> (heads width) in";

    /// <summary>Bias of a Flax projection to heads.</summary>
    internal const string HeadsBias = "heads width -> (heads width)";

    /// <summary>Kernel of a Flax projection from heads.</summary>
    internal const string HeadsFirst = "heads width out -> out (heads width)";

    /// <summary>Kernel of a Flax convolution.</summary>
    internal const string ConvolutionLast = "rows columns in out -> out in rows columns";

    /// <summary>The network's name and the file's, values as they are.</summary>
    internal static NameRule Tensor(string canonical, string file, string axes = "") => new(canonical, new NamePart(file, axes));

    /// <summary>weight and bias of a PyTorch module, or of several whose rows are joined.</summary>
    internal static NameRule[] Module(string canonical, params string[] files) =>
    [
        new($"{canonical}.weight", [.. files.Select(file => new NamePart($"{file}.weight"))]),
        new($"{canonical}.bias", [.. files.Select(file => new NamePart($"{file}.bias"))]),
    ];

    /// <summary>The same for a module of one kind of MLP alone.</summary>
    internal static NameRule[] Module(MlpKind mlp, string canonical, params string[] files) =>
        [.. Module(canonical, files).Select(rule => rule with { Mlp = mlp })];

    /// <summary>scale and bias of a Flax LayerNorm.</summary>
    internal static NameRule[] FlaxNorm(string canonical, string file) =>
        [Tensor($"{canonical}.weight", $"{file}/scale"), Tensor($"{canonical}.bias", $"{file}/bias")];

    /// <summary>kernel and bias of a Flax layer.</summary>
    internal static NameRule[] FlaxLayer(string canonical, string file, string axes = Transposed) =>
        [Tensor($"{canonical}.weight", $"{file}/kernel", axes), Tensor($"{canonical}.bias", $"{file}/bias")];

    /// <summary>kernel and bias of Flax projections to heads, rows joined.</summary>
    internal static NameRule[] FlaxHeads(string canonical, params string[] files) =>
    [
        new($"{canonical}.weight", [.. files.Select(file => new NamePart($"{file}/kernel", HeadsLast))]),
        new($"{canonical}.bias", [.. files.Select(file => new NamePart($"{file}/bias", HeadsBias))]),
    ];
}
