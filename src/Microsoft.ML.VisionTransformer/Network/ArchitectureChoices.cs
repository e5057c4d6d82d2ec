// The choices that an architecture offers by name.
namespace Microsoft.ML.VisionTransformer;

/// <summary>How a network tells positions apart.</summary>
public enum PositionEmbedding
{
    /// <summary>A learned vector for every token (timm's <c>learn</c>).</summary>
    Learned,

    /// <summary>No position embedding.</summary>
    None,

    /// <summary>
    /// A fixed table of sines and cosines, half of each vector for the patch's column and half for its row, zeros for the class token (MAE,
    /// arXiv:2111.06377; MoCo v3, arXiv:2104.02057, has the halves the other way round). It is not trained. Needs an embedding dimension
    /// divisible by 4.
    /// </summary>
    SinCos2D,
}

/// <summary>What the head sees of the tokens.</summary>
public enum TokenPooling
{
    /// <summary>The class token after the final norm.</summary>
    ClassToken,

    /// <summary>The mean of the patch tokens, then a norm (timm's <c>global_pool='avg'</c>, where the final norm moves behind the pool).</summary>
    Average,

    /// <summary>The maximum of the patch tokens in each dimension, then a norm (timm's <c>max</c>).</summary>
    Max,

    /// <summary>Half the sum of mean and maximum of the patch tokens, then a norm (timm's <c>avgmax</c>).</summary>
    AverageAndMax,

    /// <summary>
    /// Attention pooling: a learned query attends to the normed patch tokens, an MLP follows (SigLIP, arXiv:2303.15343; MAP, arXiv:2106.04560; timm's
    /// <c>map</c>).
    /// </summary>
    Attention,

    /// <summary>The class token and the mean of the patch tokens side by side, [N, 2 D], behind the final norm (DINOv2's linear classifier, arXiv:2304.07193).</summary>
    ClassTokenAndAverage,

    /// <summary>All tokens, [N, T, D] (timm's empty <c>global_pool</c>). Needs a network without a head.</summary>
    None,
}

/// <summary>How fresh weights are drawn. In all schemes norms start at one and zero, and learned positions are normal with deviation 0.02.</summary>
/// <remarks>
/// timm writes "truncated normal" for every normal with deviation 0.02; its bounds are the values -2 and 2, a hundred deviations away, so that
/// nothing is ever truncated.
/// </remarks>
public enum WeightInitialization
{
    /// <summary>
    /// timm's default: matrices of linear layers, the head among them, normal with deviation 0.02, their biases zero; the patch projection
    /// uniform within 1 / sqrt(values in a patch), weight and bias (PyTorch's own start of a convolution); class token normal 1e-6.
    /// </summary>
    Timm,

    /// <summary>
    /// As the original JAX code (timm's <c>jax</c>): matrices Xavier uniform, q, k and v as one; MLP biases normal 1e-6, other biases zero; patch
    /// projection LeCun normal, truncated at two deviations, its bias zero; head zero; class token normal 1e-6.
    /// </summary>
    Jax,

    /// <summary>
    /// Class token normal 0.02; matrices, the head among them, normal 0.01, all biases zero; patch projection Kaiming normal over its outputs,
    /// deviation sqrt(2 / (embedding dimension * pixels of a patch)).
    /// </summary>
    Original,
}

/// <summary>The two-layer perceptron of a block.</summary>
public enum MlpKind
{
    /// <summary>fc2(activation(fc1(x))).</summary>
    Plain,

    /// <summary>fc2(silu(g) * v), where <c>fc1</c> makes g and v side by side (arXiv:2002.05202).</summary>
    SwiGlu,
}

/// <summary>The activation of a plain MLP.</summary>
public enum MlpActivation
{
    /// <summary>x * Phi(x) with the error function (arXiv:1606.08415).</summary>
    Gelu,

    /// <summary>The tanh form of <see cref="Gelu"/> (SigLIP), up to 5e-4 away from it.</summary>
    GeluTanh,

    /// <summary>x * sigmoid(1.702 x) (OpenAI's CLIP).</summary>
    QuickGelu,
}
