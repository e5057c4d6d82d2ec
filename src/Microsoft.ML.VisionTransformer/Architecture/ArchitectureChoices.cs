// The enumerations and small records that an architecture is composed of.

namespace Microsoft.ML.VisionTransformer;

/// <summary>How a network encodes the positions of tokens.</summary>
public enum PositionEmbedding
{
    /// <summary>A learned vector for every token (timm's <c>learn</c>).</summary>
    Learned,

    /// <summary>No position embedding.</summary>
    None,

    /// <summary>
    /// A fixed table of sines and cosines: half of each vector for the patch's column, half for its row, zeros for the class token (MAE,
    /// arXiv:2111.06377; in MoCo v3, arXiv:2104.02057, the halves are swapped). It is not trained. The embedding dimension must be divisible
    /// by 4.
    /// </summary>
    SinCos2D,
}

/// <summary>How the tokens are pooled into the input of the head.</summary>
public enum TokenPooling
{
    /// <summary>The class token after the final norm.</summary>
    ClassToken,

    /// <summary>The mean of the patch tokens, then a norm (timm's <c>global_pool='avg'</c>, where the final norm follows the pool).</summary>
    Average,

    /// <summary>The maximum of the patch tokens in each dimension, then a norm (timm's <c>max</c>).</summary>
    Max,

    /// <summary>Half the sum of mean and maximum of the patch tokens, then a norm (timm's <c>avgmax</c>).</summary>
    AverageAndMax,

    /// <summary>
    /// Attention pooling: a learned query attends to the normalized patch tokens, followed by an MLP (SigLIP, arXiv:2303.15343; MAP, arXiv:2106.04560; timm's
    /// <c>map</c>).
    /// </summary>
    Attention,

    /// <summary>
    /// The class token and the mean of the patch tokens concatenated, [N, 2 D], after the final norm (DINOv2's linear classifier, arXiv:2304.07193).
    /// </summary>
    ClassTokenAndAverage,

    /// <summary>All tokens, [N, T, D] (timm's empty <c>global_pool</c>). Needs a network without a head.</summary>
    None,
}

/// <summary>
/// How the weights of a new network are initialized. In all schemes norms start with scale 1 and shift 0, and learned positions are normal with standard
/// deviation 0.02.
/// </summary>
/// <remarks>
/// timm writes "truncated normal" for every normal with standard deviation 0.02; its bounds are the values -2 and 2, a hundred deviations away, so nothing
/// is truncated in practice.
/// </remarks>
public enum WeightInitialization
{
    /// <summary>
    /// timm's default: matrices of linear layers, including the head, normal with standard deviation 0.02, their biases zero; weight and bias of the patch
    /// projection uniform within 1 / sqrt(values in a patch) (PyTorch's default for a convolution); class token normal 1e-6.
    /// </summary>
    Timm,

    /// <summary>
    /// The original JAX code (timm's <c>jax</c>): matrices Xavier uniform, with q, k and v as one matrix; MLP biases normal 1e-6, other biases zero; patch
    /// projection LeCun normal, truncated at two standard deviations, its bias zero; head zero; class token normal 1e-6.
    /// </summary>
    Jax,

    /// <summary>
    /// Class token normal 0.02; matrices, including the head, normal 0.01, all biases zero; patch projection Kaiming normal over its fan-out, standard
    /// deviation sqrt(2 / (embedding dimension * pixels in a patch)).
    /// </summary>
    Original,
}

/// <summary>The two-layer perceptron of a block.</summary>
public enum MlpKind
{
    /// <summary>fc2(activation(fc1(x))).</summary>
    Plain,

    /// <summary>fc2(silu(g) * v), where <c>fc1</c> outputs g and v side by side (arXiv:2002.05202).</summary>
    SwiGlu,
}

/// <summary>The activation of a plain MLP.</summary>
public enum MlpActivation
{
    /// <summary>x * Phi(x) with the error function (arXiv:1606.08415).</summary>
    Gelu,

    /// <summary>The tanh approximation of <see cref="Gelu"/> (SigLIP); it differs by up to 5e-4.</summary>
    GeluTanh,

    /// <summary>x * sigmoid(1.702 x) (OpenAI's CLIP).</summary>
    QuickGelu,
}

/// <summary>
/// Rotary position embedding (arXiv:2104.09864) over rows and columns of the patch grid: pairs of values of each head's queries and keys are rotated by angles
/// proportional to the patch's position. Class, distillation and register tokens are not rotated. The width of a head must be divisible by 4.
/// </summary>
public sealed record RotaryEmbedding
{
    /// <summary>Which pairs are rotated, and by which angles. Default EVA-02's.</summary>
    public RotaryLayout Layout { get; init; } = RotaryLayout.Eva02;

    /// <summary>Base of the geometric series of periods. Default 10,000 (DINOv3: 100).</summary>
    public double Temperature { get; init; } = 10_000;

    /// <summary>
    /// EVA-02: the patch grid of the pretraining; positions on another grid are scaled to it. Default null: positions are not scaled. DINOv3 ignores it: its
    /// positions are in [-1, 1] on every grid.
    /// </summary>
    public ImageDimensions? ReferenceGrid { get; init; }
}

/// <summary>Which pairs of values a rotary embedding rotates, and by which angles.</summary>
public enum RotaryLayout
{
    /// <summary>
    /// Adjacent values form a pair; the first half of a head depends on the row, the second on the column; positions are integers, scaled to the reference
    /// grid (EVA-02, arXiv:2303.11331).
    /// </summary>
    Eva02,

    /// <summary>
    /// Values half a head apart form a pair; positions are patch centers in [-1, 1] along each axis, angles are 2 pi position / period (DINOv3,
    /// arXiv:2508.10104).
    /// </summary>
    Dinov3,
}

/// <summary>Which embedding of an image a network outputs; D is its embedding dimension. All are taken after the final norm.</summary>
public enum FeatureKind
{
    /// <summary>The input of the network's own head (class token, mean or attention pool), of width D for most networks.</summary>
    Pooled,

    /// <summary>The class token, D.</summary>
    ClassToken,

    /// <summary>The mean of the patch tokens, D.</summary>
    Average,

    /// <summary>The class token and the mean of the patch tokens concatenated, 2 D (DINOv2's linear classifier, arXiv:2304.07193).</summary>
    ClassTokenAndAverage,

    /// <summary>The output of the head: logits, or for the image tower of a CLIP model the joint image-text embedding.</summary>
    HeadOutput,
}

/// <summary>
/// The constants of GELU's approximations, used by the network, the vectorized code and the ONNX export ("Gaussian Error Linear Units",
/// arXiv:1606.08415, section 2).
/// </summary>
internal static class GeluConstants
{
    /// <summary>The factor of x^3 in x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).</summary>
    internal const double Cubic = 0.044715;

    /// <summary>sqrt(2 / pi), the slope of the tanh in the same formula.</summary>
    internal const double TanhSlope = 0.7978845608028654;

    /// <summary>The slope in x sigmoid(1.702 x).</summary>
    internal const double QuickSlope = 1.702;
}
