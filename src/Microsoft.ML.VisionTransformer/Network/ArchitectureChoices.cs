// The choices that an architecture offers by name.
namespace Microsoft.ML.VisionTransformer;

/// <summary>How a network tells positions apart.</summary>
public enum PositionEmbedding
{
    /// <summary>A learned vector for every token (timm's <c>learn</c>).</summary>
    Learned,

    /// <summary>No position embedding.</summary>
    None,

    /// <summary>Fixed two-dimensional sine and cosine (MoCo v3, arXiv:2104.02057); the class token gets zeros.</summary>
    SinCos2D,
}

/// <summary>What the head sees of the tokens.</summary>
public enum TokenPooling
{
    /// <summary>The class token after the final norm.</summary>
    ClassToken,

    /// <summary>The mean of the patch tokens, then a norm (timm's <c>global_pool='avg'</c>, where the final norm moves behind the pool).</summary>
    Average,
}

/// <summary>How fresh weights are drawn.</summary>
public enum WeightInitialization
{
    /// <summary>timm's default: linear layers truncated normal with deviation 0.02, biases zero, head as the other linear layers.</summary>
    Timm,

    /// <summary>The original JAX code's: Xavier uniform linear layers, MLP biases normal 1e-6, LeCun normal patch projection, zero head.</summary>
    Jax,

    /// <summary>Truncated normal 0.02 for tokens and positions, 0.01 for linear layers, Kaiming normal (fan-out) for the patch projection.</summary>
    Original,
}
