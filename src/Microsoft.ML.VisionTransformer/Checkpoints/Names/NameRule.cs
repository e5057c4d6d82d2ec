// One row of a layout: a tensor of the network and where a file has it.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>A row of a layout's table, read in both directions.</summary>
/// <param name="Canonical">Pattern of the network's name, which is timm's.</param>
/// <param name="Parts">The file's tensors, equal shares of the rows from top to bottom.</param>
internal sealed record NameRule(string Canonical, params NamePart[] Parts)
{
    /// <summary>The parts are added, not joined; writing leaves zeros in all but the first.</summary>
    internal bool Sum { get; init; }

    /// <summary>The MLP this row is for, where a layout names plain and gated ones differently; null where it is for both.</summary>
    internal MlpKind? Mlp { get; init; }

    /// <summary>Whether the file has all blocks of that part in one tensor.</summary>
    internal bool IsStacked(NamePart part) => NamePattern.HasBlock(Canonical) && !NamePattern.HasBlock(part.Name);
}
