// timm's arguments for rotary positions, which only mean something together.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <remarks>
/// Two combinations can be built: <c>rope_type</c> "cat" (EVA-02) with <c>rope_rotate_half</c> false, and "dinov3" with true. A grid offset, columns before
/// rows ("xy") and learned angles ("mixed") cannot.
/// </remarks>
internal static class TimmRotary
{
    private static readonly HashSet<string> _names = new(StringComparer.Ordinal)
    {
        "use_rot_pos_emb", "rope_type", "rope_temperature", "ref_feat_shape", "rope_rotate_half", "rope_grid_offset", "rope_grid_indexing",
    };

    /// <summary>Whether an argument belongs to rotary positions.</summary>
    internal static bool Has(string name) => _names.Contains(name);

    /// <summary>The preset's rotation with what the arguments change; null for none.</summary>
    /// <exception cref="InvalidCheckpointException">A value is wrong, or the combination cannot be built.</exception>
    internal static RotaryEmbedding? Apply(RotaryEmbedding? preset, IReadOnlyDictionary<string, TimmValue> arguments)
    {
        bool used = arguments.TryGetValue("use_rot_pos_emb", out var use) ? use.Flag() : preset is not null;
        var rotary = preset ?? new RotaryEmbedding();
        bool half = rotary.Layout == RotaryLayout.Dinov3;
        if (arguments.TryGetValue("rope_type", out var type))
            rotary = rotary with { Layout = type.One(TimmNames.Rotary) };
        if (arguments.TryGetValue("rope_temperature", out var temperature))
            rotary = rotary with { Temperature = temperature.Positive(double.MaxValue) };
        if (arguments.TryGetValue("ref_feat_shape", out var grid))
            rotary = rotary with { ReferenceGrid = grid.IsNull ? null : grid.Size() };
        if (arguments.TryGetValue("rope_rotate_half", out var rotate))
            half = rotate.Flag();
        if (arguments.TryGetValue("rope_grid_offset", out var offset) && offset.Number() != 0)
            throw offset.Not("0 (grids with an offset are not built)");
        if (arguments.TryGetValue("rope_grid_indexing", out var indexing) && indexing.Text() != "ij")
            throw indexing.Not("\"ij\" (grids that count columns first are not built)");
        if (used && half != (rotary.Layout == RotaryLayout.Dinov3))
            throw (rotate.Where is null ? type : rotate).Not("\"rope_type\" \"cat\" with \"rope_rotate_half\" false, or \"dinov3\" with true,");
        return used ? rotary : null;
    }
}
