// One of timm's names: its architecture, the classes of its tags, and how timm's files lay it out.
namespace Microsoft.ML.VisionTransformer.Architecture;

/// <summary>One of timm's names: its architecture, the classes of its tags, and how timm's files lay it out.</summary>
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

/// <summary>What several presets have in common, from which a row of numbers makes each of them.</summary>
/// <param name="Parts">The parts of the network; its sizes are those of the rows.</param>
/// <param name="Timm">timm's class.</param>
/// <param name="SplitQkv">timm's files have q, k and v apart (<c>qkv_fused=False</c>).</param>
internal sealed record PresetFamily(VisionTransformerArchitecture Parts, TimmFamily Timm = TimmFamily.VisionTransformer, bool SplitQkv = false)
{
    /// <summary>The same family with other parts.</summary>
    internal PresetFamily With(Func<VisionTransformerArchitecture, VisionTransformerArchitecture> change) => this with { Parts = change(Parts) };

    /// <param name="name">timm's name without tag.</param>
    /// <param name="image">Side of the input.</param>
    /// <param name="patch">Side of a patch.</param>
    /// <param name="dimension">Embedding dimension.</param>
    /// <param name="depth">Number of blocks.</param>
    /// <param name="heads">Number of heads.</param>
    /// <param name="classes">Classes of the weights that timm takes for the bare name.</param>
    /// <param name="others">Class counts of tags, separated by blanks, where they differ. The image size never does.</param>
    internal ArchitecturePreset Preset(
        string name, int image, int patch, int dimension, int depth, int heads, int classes, params (int Classes, string Tags)[] others) => new(
        Parts with
        {
            Name = name,
            ImageSize = image,
            PatchSize = patch,
            EmbeddingDimension = dimension,
            Depth = depth,
            Heads = heads,
            Classes = classes,
        },
        Timm,
        SplitQkv,
        others.SelectMany(other => other.Tags.Split(' ').Select(tag => (tag, other.Classes))).ToDictionary(pair => pair.tag, pair => pair.Classes));
}

/// <summary>Which of timm's three classes of plain Vision Transformers a name belongs to: it decides arguments and the names of weights.</summary>
internal enum TimmFamily
{
    /// <summary>
    /// <c>VisionTransformer</c>: fused q, k, v with one bias, LayerScale as <c>ls1.gamma</c>, SwiGLU packed with a ratio that counts both halves.
    /// </summary>
    VisionTransformer,

    /// <summary><c>VisionTransformerDistilled</c>: the same with <c>dist_token</c> and <c>head_dist</c>.</summary>
    DistilledVisionTransformer,

    /// <summary>
    /// <c>Eva</c>: no key bias (<c>q_bias</c> and <c>v_bias</c> where q, k, v are fused), LayerScale as <c>gamma_1</c>, SwiGLU packed or split.
    /// </summary>
    Eva,
}

/// <summary>Names that timm still takes for a name and a tag of today. timm's registered deprecations of plain Vision Transformers.</summary>
internal static class HistoricNames
{
    private static readonly Dictionary<string, string> _current = new(StringComparer.Ordinal)
    {
        ["vit_tiny_patch16_224_in21k"] = "vit_tiny_patch16_224.augreg_in21k",
        ["vit_small_patch32_224_in21k"] = "vit_small_patch32_224.augreg_in21k",
        ["vit_small_patch16_224_in21k"] = "vit_small_patch16_224.augreg_in21k",
        ["vit_base_patch32_224_in21k"] = "vit_base_patch32_224.augreg_in21k",
        ["vit_base_patch16_224_in21k"] = "vit_base_patch16_224.augreg_in21k",
        ["vit_base_patch8_224_in21k"] = "vit_base_patch8_224.augreg_in21k",
        ["vit_large_patch32_224_in21k"] = "vit_large_patch32_224.orig_in21k",
        ["vit_large_patch16_224_in21k"] = "vit_large_patch16_224.augreg_in21k",
        ["vit_huge_patch14_224_in21k"] = "vit_huge_patch14_224.orig_in21k",
        ["vit_base_patch32_224_sam"] = "vit_base_patch32_224.sam",
        ["vit_base_patch16_224_sam"] = "vit_base_patch16_224.sam",
        ["vit_small_patch16_224_dino"] = "vit_small_patch16_224.dino",
        ["vit_small_patch8_224_dino"] = "vit_small_patch8_224.dino",
        ["vit_base_patch16_224_dino"] = "vit_base_patch16_224.dino",
        ["vit_base_patch8_224_dino"] = "vit_base_patch8_224.dino",
        ["vit_base_patch16_224_miil_in21k"] = "vit_base_patch16_224_miil.in21k",
        ["vit_base_patch32_224_clip_laion2b"] = "vit_base_patch32_clip_224.laion2b",
        ["vit_large_patch14_224_clip_laion2b"] = "vit_large_patch14_clip_224.laion2b",
        ["vit_huge_patch14_224_clip_laion2b"] = "vit_huge_patch14_clip_224.laion2b",
        ["vit_giant_patch14_224_clip_laion2b"] = "vit_giant_patch14_clip_224.laion2b",
        ["deit3_small_patch16_224_in21ft1k"] = "deit3_small_patch16_224.fb_in22k_ft_in1k",
        ["deit3_small_patch16_384_in21ft1k"] = "deit3_small_patch16_384.fb_in22k_ft_in1k",
        ["deit3_medium_patch16_224_in21ft1k"] = "deit3_medium_patch16_224.fb_in22k_ft_in1k",
        ["deit3_base_patch16_224_in21ft1k"] = "deit3_base_patch16_224.fb_in22k_ft_in1k",
        ["deit3_base_patch16_384_in21ft1k"] = "deit3_base_patch16_384.fb_in22k_ft_in1k",
        ["deit3_large_patch16_224_in21ft1k"] = "deit3_large_patch16_224.fb_in22k_ft_in1k",
        ["deit3_large_patch16_384_in21ft1k"] = "deit3_large_patch16_384.fb_in22k_ft_in1k",
        ["deit3_huge_patch14_224_in21ft1k"] = "deit3_huge_patch14_224.fb_in22k_ft_in1k",
    };

    /// <summary>Name and tag of today for a bare name, which itself is returned if it is not historic.</summary>
    internal static string Current(string name) => _current.GetValueOrDefault(name, name);
}
