// Presets of EVA, EVA-02 and their CLIP image towers.
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>arXiv:2211.07636, arXiv:2303.11331, arXiv:2303.15389.</summary>
internal static class EvaPresets
{
    /// <summary>Positions are scaled to the 16 x 16 grid of the pre-training at 224 pixels.</summary>
    internal static readonly RotaryEmbedding Rotary = new() { ReferenceGrid = 16 };

    private static readonly PresetFamily _eva = new(
        new() { KeyBias = false, MlpRatio = 6144.0 / 1408, Pooling = TokenPooling.Average }, TimmFamily.Eva);
    private static readonly PresetFamily _evaClip = _eva.With(parts => parts with { Pooling = TokenPooling.ClassToken });
    private static readonly PresetFamily _eva02Packed = new(
        new() { Rotary = Rotary, KeyBias = false, Mlp = MlpKind.SwiGlu, MlpRatio = 8.0 / 3, Pooling = TokenPooling.Average }, TimmFamily.Eva);
    private static readonly PresetFamily _eva02 = _eva02Packed.With(parts => parts with { MlpNorm = true }) with { SplitQkv = true };
    private static readonly PresetFamily _eva02Clip = _eva02.With(parts => parts with { AttentionNorm = true, Pooling = TokenPooling.ClassToken });

    internal static IReadOnlyList<ArchitecturePreset> All { get; } =
    [
        // name, image, patch, dimension, depth, heads, classes of the default weights, (classes, tags) of other weights
        _eva.Preset("eva_giant_patch14_224", 224, 14, 1408, 40, 16, 1000),
        _eva.Preset("eva_giant_patch14_336", 336, 14, 1408, 40, 16, 1000),
        _eva.Preset("eva_giant_patch14_560", 560, 14, 1408, 40, 16, 1000),
        _eva02Packed.Preset("eva02_tiny_patch14_224", 224, 14, 192, 12, 3, 0),
        _eva02Packed.Preset("eva02_small_patch14_224", 224, 14, 384, 12, 6, 0),
        _eva02.Preset("eva02_base_patch14_224", 224, 14, 768, 12, 12, 0),
        _eva02.Preset("eva02_large_patch14_224", 224, 14, 1024, 24, 16, 0),
        _eva02Packed.Preset("eva02_tiny_patch14_336", 336, 14, 192, 12, 3, 1000),
        _eva02Packed.Preset("eva02_small_patch14_336", 336, 14, 384, 12, 6, 1000),
        _eva02.Preset("eva02_base_patch14_448", 448, 14, 768, 12, 12, 1000, (21841, "mim_in22k_ft_in22k")),
        _eva02.Preset("eva02_large_patch14_448", 448, 14, 1024, 24, 16, 1000, (21841, "mim_in22k_ft_in22k mim_m38m_ft_in22k")),
        _evaClip.Preset("eva_giant_patch14_clip_224", 224, 14, 1408, 40, 16, 1024),
        _eva02Clip.Preset("eva02_base_patch16_clip_224", 224, 16, 768, 12, 12, 512),
        _eva02Clip.Preset("eva02_large_patch14_clip_224", 224, 14, 1024, 24, 16, 768),
        _eva02Clip.Preset("eva02_large_patch14_clip_336", 336, 14, 1024, 24, 16, 768),
    ];
}
