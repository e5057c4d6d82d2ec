// One of timm's names: its architecture, the classes of its tags, and how timm's files lay it out.
namespace Microsoft.ML.VisionTransformer.Network;

/// <param name="Architecture">The network of the bare name, with the class count of timm's default weights.</param>
/// <param name="Timm">timm's class.</param>
/// <param name="SplitQkv">timm's files have <c>q_proj</c>, <c>k_proj</c> and <c>v_proj</c> in place of <c>qkv</c>.</param>
/// <param name="TagClasses">Class counts of the tags whose weights have another than the default ones.</param>
internal sealed record ArchitecturePreset(
    VisionTransformerArchitecture Architecture, TimmFamily Timm, bool SplitQkv, IReadOnlyDictionary<string, int> TagClasses)
{
    /// <summary>Whether timm's class is <c>Eva</c>. The name does not tell: <c>eva_large_patch14_196</c> is a plain Vision Transformer.</summary>
    internal bool IsEva => Timm == TimmFamily.Eva;

    /// <summary>The architecture with the class count of a tag; an unknown tag has the default one.</summary>
    internal VisionTransformerArchitecture Tagged(string tag) =>
        TagClasses.TryGetValue(tag, out int classes) ? Architecture with { Classes = classes } : Architecture;

    /// <summary>
    /// Whether timm stores the SwiGLU of an architecture built from this preset as <c>fc1_g</c> (gate) and <c>fc1_x</c>: its Eva does where the hidden layer
    /// has a norm or a width to align to, and packs both into <c>fc1</c> otherwise.
    /// </summary>
    internal bool SplitsSwiGlu(VisionTransformerArchitecture architecture) =>
        IsEva && architecture.Mlp == MlpKind.SwiGlu && (architecture.MlpNorm || architecture.MlpWidthMultiple > 1);
}
