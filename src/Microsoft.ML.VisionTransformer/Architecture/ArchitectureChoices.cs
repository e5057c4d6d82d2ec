// The enumerations and small records that an architecture is composed of.

namespace Microsoft.ML.VisionTransformer;

/// <summary>How a network encodes the positions of its tokens.</summary>
/// <seealso cref="VisionTransformerArchitecture"/>
public enum PositionEmbedding
{
    /// <summary>A learned vector for every token (timm's <c>learn</c>).</summary>
    Learned,

    /// <summary>No position embedding.</summary>
    None,

    /// <summary>
    /// A fixed table of sines and cosines, which is not trained. Half of each vector encodes the column of the patch
    /// and half its row; the class token has zeros (MAE, arXiv:2111.06377). In MoCo v3 (arXiv:2104.02057) the halves
    /// are swapped. The embedding dimension must be divisible by 4.
    /// </summary>
    SinCos2D,
}

/// <summary>How a network computes the input of its head from all tokens.</summary>
/// <seealso cref="VisionTransformerArchitecture"/>
public enum TokenPooling
{
    /// <summary>The class token after the final norm.</summary>
    ClassToken,

    /// <summary>
    /// The mean of the patch tokens, followed by a norm (timm's <c>global_pool='avg'</c>, which has the final norm
    /// after the pool).
    /// </summary>
    Average,

    /// <summary>The maximum of the patch tokens in each dimension, followed by a norm (timm's <c>max</c>).</summary>
    Max,

    /// <summary>
    /// Half the sum of the mean and the maximum of the patch tokens, followed by a norm (timm's <c>avgmax</c>).
    /// </summary>
    AverageAndMax,

    /// <summary>
    /// Attention pooling: a learned query attends to the normalized patch tokens, followed by an MLP (SigLIP, arXiv:2303.15343; MAP, arXiv:2106.04560; timm's
    /// <c>map</c>).
    /// </summary>
    Attention,

    /// <summary>
    /// The class token and the mean of the patch tokens, concatenated to [N, 2 D] after the final norm (the linear
    /// classifier of DINOv2, arXiv:2304.07193).
    /// </summary>
    ClassTokenAndAverage,

    /// <summary>All tokens, [N, T, D] (timm's empty <c>global_pool</c>). The network must have no head.</summary>
    None,
}

/// <summary>
/// How the weights of a new network are initialized. In every scheme, norms start with scale 1 and shift 0, and a
/// learned position embedding is normal with standard deviation 0.02.
/// </summary>
/// <remarks>
/// timm calls every normal distribution with standard deviation 0.02 "truncated normal". The bounds are the values -2
/// and 2, which is a hundred standard deviations, so in practice nothing is truncated.
/// </remarks>
/// <seealso cref="VisionTransformerArchitecture"/>
public enum WeightInitialization
{
    /// <summary>
    /// timm's default. Matrices of linear layers, including the head, are normal with standard deviation 0.02, and
    /// their biases are zero. Weight and bias of the patch embedding are uniform within 1 / sqrt(values in a patch),
    /// PyTorch's default for a convolution. The class token is normal with standard deviation 1e-6.
    /// </summary>
    Timm,

    /// <summary>
    /// The scheme of the original JAX code (timm's <c>jax</c>). Matrices are Xavier uniform, with q, k and v as one
    /// matrix. MLP biases are normal with standard deviation 1e-6, and other biases are zero. The patch embedding is
    /// LeCun normal, truncated at two standard deviations, and its bias is zero. The head is zero. The class token is
    /// normal with standard deviation 1e-6.
    /// </summary>
    Jax,

    /// <summary>
    /// The class token is normal with standard deviation 0.02. Matrices, including the head, are normal with standard
    /// deviation 0.01, and all biases are zero. The patch embedding is Kaiming normal over its fan-out, with standard
    /// deviation sqrt(2 / (embedding dimension * pixels in a patch)).
    /// </summary>
    Original,
}

/// <summary>The structure of the MLP in a block.</summary>
/// <seealso cref="VisionTransformerArchitecture"/>
public enum MlpKind
{
    /// <summary>Two linear layers with an activation between them: fc2(activation(fc1(x))).</summary>
    Plain,

    /// <summary>
    /// A gated MLP: fc2(silu(g) * v), where <c>fc1</c> outputs g and v side by side (arXiv:2002.05202).
    /// </summary>
    SwiGlu,
}

/// <summary>The activation of a plain MLP.</summary>
/// <seealso cref="VisionTransformerNetwork"/>
public enum MlpActivation
{
    /// <summary>The exact GELU: x * Phi(x), computed with the error function (arXiv:1606.08415).</summary>
    Gelu,

    /// <summary>The tanh approximation of <see cref="Gelu"/>, as in SigLIP. It differs by up to 5e-4.</summary>
    GeluTanh,

    /// <summary>The approximation x * sigmoid(1.702 x), as in OpenAI's CLIP.</summary>
    QuickGelu,
}

/// <summary>
/// Rotary position embedding (arXiv:2104.09864) over the rows and columns of the patch grid. In each head, pairs of
/// values of the queries and keys are rotated by angles that are proportional to the position of the patch. Class,
/// distillation and register tokens are not rotated. The width of a head must be divisible by 4.
/// </summary>
/// <example>
/// <code>
/// using Microsoft.ML.VisionTransformer;
///
/// var architecture = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
/// {
///     Classes = 5,
///     PositionEmbedding = PositionEmbedding.None,
///     Rotary = new RotaryEmbedding { Layout = RotaryLayout.Dinov3, Temperature = 100 },
/// };
/// Console.WriteLine($"{architecture.CountParameters():N0} parameters, none of them for positions");
/// </code>
/// </example>
public sealed record RotaryEmbedding
{
    /// <summary>
    /// Which pairs of values are rotated, and by which angles. Default <see cref="RotaryLayout.Eva02"/>.
    /// </summary>
    public RotaryLayout Layout { get; init; } = RotaryLayout.Eva02;

    /// <summary>Base of the geometric series of periods. Default 10,000. DINOv3 uses 100.</summary>
    public double Temperature { get; init; } = 10_000;

    /// <summary>
    /// The patch grid of the pretraining, for <see cref="RotaryLayout.Eva02"/>. Positions on another grid are scaled to
    /// it. Default null: positions are not scaled. <see cref="RotaryLayout.Dinov3"/> ignores it, because its positions
    /// are in [-1, 1] on every grid.
    /// </summary>
    public ImageDimensions? ReferenceGrid { get; init; }
}

/// <summary>Which pairs of values a rotary position embedding rotates, and by which angles.</summary>
/// <seealso cref="RotaryEmbedding"/>
public enum RotaryLayout
{
    /// <summary>
    /// The layout of EVA-02 (arXiv:2303.11331). Adjacent values form a pair. The first half of a head depends on the
    /// row, and the second half on the column. Positions are integers, scaled to the reference grid.
    /// </summary>
    Eva02,

    /// <summary>
    /// The layout of DINOv3 (arXiv:2508.10104). Values that are half a head apart form a pair. Positions are patch
    /// centers in [-1, 1] along each axis, and angles are 2 pi position / period.
    /// </summary>
    Dinov3,
}

/// <summary>
/// Which embedding of an image a network outputs. All of them are computed after the final norm. D is the embedding
/// dimension.
/// </summary>
/// <seealso cref="VisionTransformerFeatureEstimator"/>
public enum FeatureKind
{
    /// <summary>
    /// The input of the network's own head: the class token, the mean, or the attention pool. Its length is D for most
    /// networks.
    /// </summary>
    Pooled,

    /// <summary>The class token, of length D.</summary>
    ClassToken,

    /// <summary>The mean of the patch tokens, of length D.</summary>
    Average,

    /// <summary>
    /// The class token and the mean of the patch tokens, concatenated to length 2 D (the linear classifier of DINOv2,
    /// arXiv:2304.07193).
    /// </summary>
    ClassTokenAndAverage,

    /// <summary>
    /// The output of the head. For a classifier these are the logits. For the image tower of a CLIP model it is the
    /// joint embedding of images and texts.
    /// </summary>
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
