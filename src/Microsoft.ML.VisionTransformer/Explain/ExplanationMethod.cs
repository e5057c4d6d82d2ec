// The ways to make an attention map.
namespace Microsoft.ML.VisionTransformer;

/// <summary>How a map over the patches is made from the attention of all blocks.</summary>
public enum ExplanationMethod
{
    /// <summary>
    /// Attention weighted by how much the class's logit grows with it, block after block (Chefer, Gur and Wolf 2021, arXiv:2103.15679, equations 5 and 6):
    /// the map is about one class.
    /// </summary>
    GradientAttention,

    /// <summary>
    /// Attention multiplied through all blocks, half of each being the residual (Abnar and Zuidema 2020, arXiv:2005.00928): where the network looks, the
    /// same map for every class.
    /// </summary>
    Rollout,
}
