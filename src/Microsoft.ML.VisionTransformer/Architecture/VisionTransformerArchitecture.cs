// The shape of a Vision Transformer as an immutable record: every part is a parameter.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// The architecture of a Vision Transformer ("An Image is Worth 16x16 Words", arXiv:2010.11929), in timm's terms. Start from a name and change
/// what differs: <c>VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with { ImageSize = 64, PatchSize = 8 }</c>.
/// </summary>
public sealed record VisionTransformerArchitecture
{
    /// <summary>timm's name of the preset this began as. Default <c>vit_base_patch16_224</c>.</summary>
    public string Name { get; init; } = "vit_base_patch16_224";

    /// <summary>Height and width of the input in pixels. Default 224.</summary>
    public ImageDimensions ImageSize { get; init; } = 224;

    /// <summary>Height and width of a patch in pixels: the kernel of the patch convolution. Default 16.</summary>
    public ImageDimensions PatchSize { get; init; } = 16;

    /// <summary>Step from one patch to the next in pixels; below <see cref="PatchSize"/> patches overlap. Default null: the patch size.</summary>
    public ImageDimensions? PatchStride { get; init; }

    /// <summary>Bias on the patch convolution. Default true; CLIP has none.</summary>
    public bool PatchBias { get; init; } = true;

    /// <summary>Layer norm over each patch embedding, before positions are added. Default false.</summary>
    public bool PatchNorm { get; init; }

    /// <summary>Colour channels of the input: 3 (RGB), 1 (grey) or 4. Default 3.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Outputs of the head. 0 leaves the head out: the network then gives features. Default 1000.</summary>
    public int Classes { get; init; } = 1000;

    /// <summary>Width D of the token stream. Default 768.</summary>
    public int EmbeddingDimension { get; init; } = 768;

    /// <summary>Number of transformer blocks, each with weights of its own. Default 12.</summary>
    public int Depth { get; init; } = 12;

    /// <summary>Attention heads of a block; divides <see cref="EmbeddingDimension"/>. Default 12.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>A class token leads the stream. Default true.</summary>
    public bool ClassToken { get; init; } = true;

    /// <summary>
    /// A distillation token follows the class token and has a head of its own; features and logits are the means of the two (DeiT,
    /// arXiv:2012.12877, section 4). Needs <see cref="ClassToken"/> and <see cref="TokenPooling.ClassToken"/>. Default false.
    /// </summary>
    public bool DistillationToken { get; init; }

    /// <summary>Number of register tokens between class token and patches (arXiv:2309.16588). Default 0.</summary>
    public int RegisterTokens { get; init; }

    /// <summary>How positions are told apart. Default learned.</summary>
    public PositionEmbedding PositionEmbedding { get; init; } = PositionEmbedding.Learned;

    /// <summary>
    /// The learned positions have entries for class, distillation and register tokens too. Default true; false is timm's <c>no_embed_class</c>
    /// (DeiT-3): positions are added to the patches alone.
    /// </summary>
    public bool PositionsCoverPrefix { get; init; } = true;

    /// <summary>Rotation of queries and keys by the patch's position, beside or in place of <see cref="PositionEmbedding"/>. Default null: none.</summary>
    public RotaryEmbedding? Rotary { get; init; }

    /// <summary>Layer norm over all tokens before the first block (CLIP; timm's <c>norm_pre</c>). Default false.</summary>
    public bool PreNorm { get; init; }

    /// <summary>Bias on the query, key and value projection. Default true.</summary>
    public bool QkvBias { get; init; } = true;

    /// <summary>Bias on the key projection where the other two have one. Default true; EVA and DINOv3 have false.</summary>
    public bool KeyBias { get; init; } = true;

    /// <summary>Layer norm over each head's queries and keys, shared by the heads (arXiv:2302.05442, section 2). Default false.</summary>
    public bool QkNorm { get; init; }

    /// <summary>Layer norm on the attention's output before its projection (timm's <c>scale_attn_norm</c>; EVA-02-CLIP). Default false.</summary>
    public bool AttentionNorm { get; init; }

    /// <summary>The two-layer perceptron of a block. Default plain.</summary>
    public MlpKind Mlp { get; init; } = MlpKind.Plain;

    /// <summary>
    /// Width that enters the MLP's second layer as a multiple of <see cref="EmbeddingDimension"/>, truncated to a whole number. Default 4. (timm counts both
    /// halves of DINOv2's SwiGLU: its 5.33334 is 2.66667 here.)
    /// </summary>
    public double MlpRatio { get; init; } = 4;

    /// <summary>The MLP's hidden width is rounded up to a multiple of this (timm's <c>swiglu_align_to</c>). Default 1.</summary>
    public int MlpWidthMultiple { get; init; } = 1;

    /// <summary>The MLP's activation; SwiGLU has its own and ignores this. Default the exact GELU.</summary>
    public MlpActivation Activation { get; init; } = MlpActivation.Gelu;

    /// <summary>Layer norm on the MLP's hidden layer, behind the activation (timm's <c>scale_mlp_norm</c>; EVA-02). Default false.</summary>
    public bool MlpNorm { get; init; }

    /// <summary>First value of LayerScale's factors, which multiply each branch of a block (arXiv:2103.17239, section 2). Default null: no LayerScale.</summary>
    public double? LayerScale { get; init; }

    /// <summary>What the head sees. Default the class token.</summary>
    public TokenPooling Pooling { get; init; } = TokenPooling.ClassToken;

    /// <summary>Means and maxima take in class and register tokens. Default false: patches alone.</summary>
    public bool PoolPrefixTokens { get; init; }

    /// <summary>
    /// The final norm follows the pool (timm's <c>fc_norm</c>). Default null: true where <see cref="Pooling"/> is a mean or a maximum of tokens,
    /// false elsewhere.
    /// </summary>
    public bool? NormAfterPooling { get; init; }

    /// <summary>
    /// Width of a layer with tanh between pool and head, as in the paper's pre-training (arXiv:2010.11929, section 3.1; Hugging Face's <c>pooler</c>). Default 0:
    /// none.
    /// </summary>
    public int RepresentationDimension { get; init; }

    /// <summary>Bias on the head. Default true; the projection of a CLIP image tower has none.</summary>
    public bool HeadBias { get; init; } = true;

    /// <summary>Epsilon of every layer norm. Default 1e-6 (timm's and the original code's; PyTorch's own default is 1e-5).</summary>
    public double NormEpsilon { get; init; } = 1e-6;

    /// <summary>Dropout on the tokens after positions are added, in [0, 1). Default 0.</summary>
    public double EmbeddingDropoutRate { get; init; }

    /// <summary>Dropout on attention weights, in [0, 1). Default 0. Above 0, training uses the plain attention in place of the fused kernel.</summary>
    public double AttentionDropoutRate { get; init; }

    /// <summary>Dropout after the attention projection and after both MLP layers, in [0, 1). Default 0.</summary>
    public double ProjectionDropoutRate { get; init; }

    /// <summary>
    /// Stochastic depth (arXiv:1603.09382): the last block's chance to be skipped for an image in training, in [0, 1). It grows linearly with
    /// depth from 0 at the first block. Default 0.
    /// </summary>
    public double DropPathRate { get; init; }

    /// <summary>How fresh weights are drawn. Default timm's.</summary>
    public WeightInitialization Initialization { get; init; } = WeightInitialization.Timm;

    /// <summary>Names that <see cref="Parse"/> knows, sorted.</summary>
    public static IReadOnlyList<string> Known => ArchitecturePresets.Names;

    /// <summary>The preset of that timm name, such as <c>vit_tiny_patch16_224</c> (a tag such as <c>.augreg_in21k</c> may follow).</summary>
    /// <param name="name">A name of <see cref="Known"/>; upper and lower case differ.</param>
    /// <returns>The architecture, with the number of classes of the public weights.</returns>
    /// <exception cref="ArgumentException">The name is not known; the message suggests the nearest.</exception>
    public static VisionTransformerArchitecture Parse(string name) => ArchitecturePresets.Parse(Guard.NotBlank(name));

    /// <summary>Counts the numbers that training finds: the elements of all weights and biases, and not what is computed, such as fixed positions.</summary>
    /// <returns>The count, whatever type the weights are stored as.</returns>
    /// <exception cref="ArgumentException">The properties contradict each other: there is no such network.</exception>
    public long CountParameters() => this.Check().ParameterCount();

    /// <summary>The step between patches that is in force.</summary>
    internal ImageDimensions Stride => PatchStride ?? PatchSize;

    /// <summary>Rows and columns of the patch grid: floor((image - patch) / stride) + 1.</summary>
    internal ImageDimensions Grid => new(
        (ImageSize.Height - PatchSize.Height) / Stride.Height + 1,
        (ImageSize.Width - PatchSize.Width) / Stride.Width + 1);

    /// <summary>Number of tokens before the patches: class, distillation and register tokens, in this order.</summary>
    internal int PrefixTokens => (ClassToken ? 1 : 0) + (DistillationToken ? 1 : 0) + RegisterTokens;

    /// <summary>Tokens in front that pooling over the patches leaves out.</summary>
    internal int UnpooledTokens => PoolPrefixTokens ? 0 : PrefixTokens;

    /// <summary>Number of patches.</summary>
    internal int PatchTokens => Grid.Height * Grid.Width;

    /// <summary>Number of tokens T in the stream: the prefix and one for each patch.</summary>
    internal int Tokens => PrefixTokens + PatchTokens;

    /// <summary>How many tokens, from the first, the head or the pool before it reads.</summary>
    internal int HeadTokens => PoolingRecipe.TokensRead(this, PoolingRecipe.OfHeads(this));

    /// <summary>Entries of the position table.</summary>
    internal int PositionCount => PositionsCoverPrefix ? Tokens : PatchTokens;

    /// <summary>Whether the final norm follows the pool.</summary>
    internal bool NormsPooled => NormAfterPooling ?? PoolingRecipe.Of(Pooling).NormFollows;

    /// <summary>Width of what leaves the pool.</summary>
    internal int PooledDimension => PoolingRecipe.Of(Pooling).Widths * EmbeddingDimension;

    /// <summary>Width of what enters the head.</summary>
    internal int FeatureDimension => RepresentationDimension > 0 ? RepresentationDimension : PooledDimension;

    /// <summary>Width of the MLP's hidden layer: what enters <c>fc2</c>.</summary>
    internal int MlpHiddenDimension => ((int)(EmbeddingDimension * MlpRatio) + MlpWidthMultiple - 1) / MlpWidthMultiple * MlpWidthMultiple;

    /// <summary>The ratio that gives exactly that hidden width, whatever the division rounds to.</summary>
    internal static double MlpRatioOf(int hidden, int dimension)
    {
        double ratio = (double)hidden / dimension;
        return (int)(dimension * ratio) == hidden ? ratio : Math.BitIncrement(ratio);
    }
}

/// <summary>A size in pixels. One number stands for a square: <c>ImageSize = 64</c>, <c>ImageSize = (48, 80)</c>.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
public readonly record struct ImageDimensions(int Height, int Width)
{
    /// <summary>A square of <paramref name="side"/> by <paramref name="side"/> pixels.</summary>
    /// <param name="side">Height and width.</param>
    /// <returns>The square.</returns>
    public static implicit operator ImageDimensions(int side) => new(side, side);

    /// <summary>A height and a width.</summary>
    /// <param name="size">Height first.</param>
    /// <returns>The size.</returns>
    public static implicit operator ImageDimensions((int Height, int Width) size) => new(size.Height, size.Width);

    /// <summary>A square of <paramref name="side"/> by <paramref name="side"/> pixels.</summary>
    /// <param name="side">Height and width.</param>
    /// <returns>The square.</returns>
    public static ImageDimensions FromInt32(int side) => side;

    /// <summary>A height and a width.</summary>
    /// <param name="size">Height first.</param>
    /// <returns>The size.</returns>
    public static ImageDimensions FromValueTuple((int Height, int Width) size) => size;

    /// <summary>Height and width as text: "224x224".</summary>
    /// <returns>The text, height first.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Height}x{Width}");
}
