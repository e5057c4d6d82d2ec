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

/// <summary>
/// Rotary position embedding (arXiv:2104.09864) over rows and columns of the patch grid: pairs of each head's queries and keys are turned by angles that grow
/// with the patch's position; class, distillation and register tokens are left as they are. Needs heads whose width is divisible by 4.
/// </summary>
public sealed record RotaryEmbedding
{
    /// <summary>Which pairs are turned, and by what angles. Default EVA-02's.</summary>
    public RotaryLayout Layout { get; init; } = RotaryLayout.Eva02;

    /// <summary>Base of the geometric series of periods. Default 10,000 (DINOv3: 100).</summary>
    public double Temperature { get; init; } = 10_000;

    /// <summary>
    /// EVA-02: the grid of the pre-training; positions on another grid are scaled to it. Null: positions are not scaled. DINOv3 ignores it: its positions
    /// lie in [-1, 1] on every grid.
    /// </summary>
    public ImageDimensions? ReferenceGrid { get; init; }
}

/// <summary>Which pairs a rotary embedding turns, and by what angles.</summary>
public enum RotaryLayout
{
    /// <summary>
    /// Neighbouring values form a pair; the first half of a head follows the row, the second the column; whole positions, scaled to the reference grid
    /// (EVA-02, arXiv:2303.11331).
    /// </summary>
    Eva02,

    /// <summary>
    /// Values a half of the head apart form a pair; positions are patch centres in [-1, 1] along each axis, angles 2 pi position / period (DINOv3,
    /// arXiv:2508.10104).
    /// </summary>
    Dinov3,
}

/// <summary>Which embedding of an image a network gives; D is its embedding dimension. All are taken behind the final norm.</summary>
public enum FeatureKind
{
    /// <summary>What the network's own head sees, of width D for most: the class token, the mean, the attention pool.</summary>
    Pooled,

    /// <summary>The class token, D.</summary>
    ClassToken,

    /// <summary>The mean of the patch tokens, D.</summary>
    Average,

    /// <summary>The class token and the mean of the patch tokens side by side, 2 D (DINOv2's linear classifier, arXiv:2304.07193).</summary>
    ClassTokenAndAverage,

    /// <summary>What leaves the head: logits, or for the image tower of a CLIP model the embedding that it shares with texts.</summary>
    HeadOutput,
}

/// <summary>
/// The constants of GELU's approximations, which the network, the vector code and the ONNX writer share ("Gaussian Error Linear Units", arXiv:1606.08415, section 2).
/// </summary>
internal static class GeluConstants
{
    /// <summary>The factor of x^3 in x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).</summary>
    internal const double Cubic = 0.044715;

    /// <summary>sqrt(2 / pi), the slope of the tanh there.</summary>
    internal const double TanhSlope = 0.7978845608028654;

    /// <summary>The slope in x sigmoid(1.702 x).</summary>
    internal const double QuickSlope = 1.702;
}
