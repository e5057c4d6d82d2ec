// Combinations that timm refuses, or computes in a way that the network here does not.
using Microsoft.ML.VisionTransformer.Network;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class TimmLimits
{
    /// <summary>Why timm's class of a preset cannot compute what an architecture says; null if it can.</summary>
    internal static string? Broken(ArchitecturePreset preset, VisionTransformerArchitecture architecture)
    {
        bool pools = architecture.Pooling == TokenPooling.Attention;
        if (architecture is { Pooling: TokenPooling.ClassToken, ClassToken: false })
            return "global_pool is \"token\" and class_token false";
        if (pools && architecture.PoolPrefixTokens)
            return "pool_include_prefix is true with global_pool \"map\", whose pool sees patches alone";
        if (preset.IsEva && pools && architecture.PrefixTokens > 0)
            return "global_pool is \"map\" with class or register tokens, which timm's Eva pools and the network here does not";
        bool distilled = preset.Timm == TimmFamily.DistilledVisionTransformer;
        if (distilled && architecture is not { ClassToken: true, RegisterTokens: 0, PositionsCoverPrefix: true, Pooling: TokenPooling.ClassToken })
            return "with a distillation token timm needs class_token true, reg_tokens 0, no_embed_class false and global_pool \"token\"";
        return null;
    }
}
