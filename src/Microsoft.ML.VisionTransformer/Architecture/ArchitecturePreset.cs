// A named timm preset and what its family has in common, and timm's deprecated names.

namespace Microsoft.ML.VisionTransformer.Architecture;

/// <summary>A timm model name: its architecture, the class counts of its tags, and the layout of timm's files.</summary>
/// <param name="Architecture">The architecture of the name without a tag, with the class count of timm's default weights.</param>
/// <param name="Timm">timm's class.</param>
/// <param name="SplitQkv">Whether timm's files have <c>q_proj</c>, <c>k_proj</c> and <c>v_proj</c> instead of <c>qkv</c>.</param>
/// <param name="TagClasses">Class counts of the tags whose class count differs from the default.</param>
internal sealed record ArchitecturePreset(
    VisionTransformerArchitecture Architecture, TimmFamily Timm, bool SplitQkv, IReadOnlyDictionary<string, int> TagClasses)
{
    /// <summary>Whether timm's class is <c>Eva</c>. The name does not show it: <c>eva_large_patch14_196</c> is a plain Vision Transformer.</summary>
    internal bool IsEva => Timm == TimmFamily.Eva;

    /// <summary>The architecture with the class count of a tag; an unknown tag has the default count.</summary>
    internal VisionTransformerArchitecture Tagged(string tag) =>
        TagClasses.TryGetValue(tag, out int classes) ? Architecture with { Classes = classes } : Architecture;

    /// <summary>
    /// Whether timm stores the SwiGLU of an architecture built from this preset as <c>fc1_g</c> (gate) and <c>fc1_x</c>: timm's Eva does so
    /// if the hidden layer has a norm or an aligned width, and packs both into <c>fc1</c> otherwise.
    /// </summary>
    internal bool SplitsSwiGlu(VisionTransformerArchitecture architecture) =>
        IsEva && architecture.Mlp == MlpKind.SwiGlu && (architecture.MlpNorm || architecture.MlpWidthMultiple > 1);
}

/// <summary>The common settings of several presets; a table row adds the sizes of each.</summary>
/// <param name="Parts">The common settings; the sizes come from the rows.</param>
/// <param name="Timm">timm's class.</param>
/// <param name="SplitQkv">Whether timm's files store q, k and v separately (<c>qkv_fused=False</c>).</param>
internal sealed record PresetFamily(VisionTransformerArchitecture Parts, TimmFamily Timm = TimmFamily.VisionTransformer, bool SplitQkv = false)
{
    /// <summary>The family with changed settings.</summary>
    internal PresetFamily With(Func<VisionTransformerArchitecture, VisionTransformerArchitecture> change) => this with { Parts = change(Parts) };

    /// <summary>A preset of the family.</summary>
    /// <param name="name">timm's name without a tag.</param>
    /// <param name="image">Side of the input in pixels.</param>
    /// <param name="patch">Side of a patch in pixels.</param>
    /// <param name="dimension">Embedding dimension.</param>
    /// <param name="depth">Number of blocks.</param>
    /// <param name="heads">Number of heads.</param>
    /// <param name="classes">Class count of timm's default weights.</param>
    /// <param name="others">Class counts of tags, separated by spaces, that have another count. The image size never differs.</param>
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

/// <summary>timm's three classes of plain Vision Transformers; the class determines the arguments and the names of the weights.</summary>
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

/// <summary>timm's registered deprecated names of plain Vision Transformers, which timm still accepts, with the current names and tags.</summary>
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

    /// <summary>The current name and tag of a deprecated name; any other name is returned unchanged.</summary>
    internal static string Current(string name) => _current.GetValueOrDefault(name, name);
}
