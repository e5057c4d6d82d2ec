// What several presets have in common, from which a row of numbers makes each of them.
namespace Microsoft.ML.VisionTransformer.Network;

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
