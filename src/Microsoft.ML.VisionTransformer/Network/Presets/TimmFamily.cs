// Which of timm's three classes of plain Vision Transformers a name belongs to: it decides arguments and the names of weights.
namespace Microsoft.ML.VisionTransformer.Network;

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
