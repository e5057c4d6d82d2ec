// The architecture of a Vision Transformer as an immutable record, and the image size type.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// The architecture of a Vision Transformer ("An Image is Worth 16x16 Words", arXiv:2010.11929), in timm's terms. Start from a named preset and
/// change what differs: <c>VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with { ImageSize = 64, PatchSize = 8 }</c>.
/// </summary>
public sealed record VisionTransformerArchitecture
{
    /// <summary>timm's name of the preset that this architecture is based on. Default <c>vit_base_patch16_224</c>.</summary>
    public string Name { get; init; } = "vit_base_patch16_224";

    /// <summary>Height and width of the input in pixels. Default 224.</summary>
    public ImageDimensions ImageSize { get; init; } = 224;

    /// <summary>Height and width of a patch in pixels: the kernel size of the patch convolution. Default 16.</summary>
    public ImageDimensions PatchSize { get; init; } = 16;

    /// <summary>Step between patches in pixels; patches overlap if it is smaller than <see cref="PatchSize"/>. Default null: the patch size.</summary>
    public ImageDimensions? PatchStride { get; init; }

    /// <summary>Whether the patch convolution has a bias. Default true; CLIP has none.</summary>
    public bool PatchBias { get; init; } = true;

    /// <summary>Whether a layer norm follows the patch embedding, before positions are added. Default false.</summary>
    public bool PatchNorm { get; init; }

    /// <summary>Number of color channels of the input: 3 (RGB), 1 (gray) or 4. Default 3.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Number of outputs of the head. 0 means no head: the network then returns features. Default 1000.</summary>
    public int Classes { get; init; } = 1000;

    /// <summary>Width D of the tokens. Default 768.</summary>
    public int EmbeddingDimension { get; init; } = 768;

    /// <summary>Number of transformer blocks. Default 12.</summary>
    public int Depth { get; init; } = 12;

    /// <summary>Attention heads per block; must divide <see cref="EmbeddingDimension"/>. Default 12.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>Whether the first token is a class token. Default true.</summary>
    public bool ClassToken { get; init; } = true;

    /// <summary>
    /// Whether a distillation token with its own head follows the class token; features and logits are the means of the two (DeiT,
    /// arXiv:2012.12877, section 4). Requires <see cref="ClassToken"/> and <see cref="TokenPooling.ClassToken"/>. Default false.
    /// </summary>
    public bool DistillationToken { get; init; }

    /// <summary>Number of register tokens between class token and patches (arXiv:2309.16588). Default 0.</summary>
    public int RegisterTokens { get; init; }

    /// <summary>How positions are encoded. Default learned.</summary>
    public PositionEmbedding PositionEmbedding { get; init; } = PositionEmbedding.Learned;

    /// <summary>
    /// Whether the position table has entries for class, distillation and register tokens too. Default true; false is timm's
    /// <c>no_embed_class</c> (DeiT-3): positions are added only to the patches.
    /// </summary>
    public bool PositionsCoverPrefix { get; init; } = true;

    /// <summary>
    /// Rotation of queries and keys by the patch's position, in addition to or instead of <see cref="PositionEmbedding"/>. Default null: none.
    /// </summary>
    public RotaryEmbedding? Rotary { get; init; }

    /// <summary>Whether a layer norm over all tokens precedes the first block (CLIP; timm's <c>norm_pre</c>). Default false.</summary>
    public bool PreNorm { get; init; }

    /// <summary>Whether the query, key and value projection has a bias. Default true.</summary>
    public bool QkvBias { get; init; } = true;

    /// <summary>Whether the bias of <see cref="QkvBias"/> includes the keys. Default true; false for EVA and DINOv3.</summary>
    public bool KeyBias { get; init; } = true;

    /// <summary>
    /// Whether each head's queries and keys are layer-normalized, with weights shared by the heads (arXiv:2302.05442, section 2). Default false.
    /// </summary>
    public bool QkNorm { get; init; }

    /// <summary>Whether a layer norm precedes the attention's output projection (timm's <c>scale_attn_norm</c>; EVA-02-CLIP). Default false.</summary>
    public bool AttentionNorm { get; init; }

    /// <summary>The kind of MLP in a block. Default plain.</summary>
    public MlpKind Mlp { get; init; } = MlpKind.Plain;

    /// <summary>
    /// Input width of the MLP's second layer as a multiple of <see cref="EmbeddingDimension"/>; the product is truncated to an integer. Default 4. (timm
    /// counts both halves of DINOv2's SwiGLU: its 5.33334 is 2.66667 here.)
    /// </summary>
    public double MlpRatio { get; init; } = 4;

    /// <summary>The MLP's hidden width is rounded up to a multiple of this (timm's <c>swiglu_align_to</c>). Default 1.</summary>
    public int MlpWidthMultiple { get; init; } = 1;

    /// <summary>The MLP's activation; ignored by SwiGLU, which has its own. Default the exact GELU.</summary>
    public MlpActivation Activation { get; init; } = MlpActivation.Gelu;

    /// <summary>Whether a layer norm follows the MLP's activation (timm's <c>scale_mlp_norm</c>; EVA-02). Default false.</summary>
    public bool MlpNorm { get; init; }

    /// <summary>
    /// Initial value of the LayerScale factors, which multiply each branch of a block (arXiv:2103.17239, section 2). Default null: no LayerScale.
    /// </summary>
    public double? LayerScale { get; init; }

    /// <summary>How tokens are pooled into the input of the head. Default the class token.</summary>
    public TokenPooling Pooling { get; init; } = TokenPooling.ClassToken;

    /// <summary>Whether mean, maximum and attention pooling include the tokens before the patches. Default false: only patches.</summary>
    public bool PoolPrefixTokens { get; init; }

    /// <summary>
    /// Whether the final norm follows the pool (timm's <c>fc_norm</c>). Default null: true if <see cref="Pooling"/> is a mean or a maximum of tokens,
    /// otherwise false.
    /// </summary>
    public bool? NormAfterPooling { get; init; }

    /// <summary>
    /// Width of a tanh layer between pool and head, as in the paper's pretraining (arXiv:2010.11929, section 3.1; Hugging Face's <c>pooler</c>). Default 0:
    /// no such layer.
    /// </summary>
    public int RepresentationDimension { get; init; }

    /// <summary>Whether the head has a bias. Default true; the projection of a CLIP image tower has none.</summary>
    public bool HeadBias { get; init; } = true;

    /// <summary>Epsilon of every layer norm. Default 1e-6 (timm's and the original code's; PyTorch's own default is 1e-5).</summary>
    public double NormEpsilon { get; init; } = 1e-6;

    /// <summary>Dropout rate of the tokens after positions are added, in [0, 1). Default 0.</summary>
    public double EmbeddingDropoutRate { get; init; }

    /// <summary>Dropout rate of the attention weights, in [0, 1). Default 0. Above 0, training uses unfused attention instead of the fused kernel.</summary>
    public double AttentionDropoutRate { get; init; }

    /// <summary>Dropout rate after the attention projection and after both MLP layers, in [0, 1). Default 0.</summary>
    public double ProjectionDropoutRate { get; init; }

    /// <summary>
    /// Stochastic depth (arXiv:1603.09382): the probability that the last block's branches are skipped for an image in training, in [0, 1). It grows
    /// linearly with depth from 0 at the first block. Default 0.
    /// </summary>
    public double DropPathRate { get; init; }

    /// <summary>How the weights of a new network are initialized. Default timm's scheme.</summary>
    public WeightInitialization Initialization { get; init; } = WeightInitialization.Timm;

    /// <summary>The names that <see cref="Parse"/> accepts, sorted.</summary>
    public static IReadOnlyList<string> Known => ArchitecturePresets.Names;

    /// <summary>Gets the preset of a timm name, such as <c>vit_tiny_patch16_224</c> (a tag such as <c>.augreg_in21k</c> may follow).</summary>
    /// <param name="name">A name of <see cref="Known"/>; case-sensitive.</param>
    /// <returns>The architecture, with the class count of the public weights.</returns>
    /// <exception cref="ArgumentException">The name is unknown; the message suggests the nearest one.</exception>
    public static VisionTransformerArchitecture Parse(string name) => ArchitecturePresets.Parse(Guard.NotBlank(name));

    /// <summary>Counts the trainable parameters: the elements of all weights and biases, without computed tables such as fixed positions.</summary>
    /// <returns>The number of parameters.</returns>
    /// <exception cref="ArgumentException">The properties are invalid or contradict each other.</exception>
    public long CountParameters() => this.Check().ParameterCount();

    /// <summary>The effective step between patches.</summary>
    internal ImageDimensions Stride => PatchStride ?? PatchSize;

    /// <summary>Rows and columns of the patch grid: floor((image - patch) / stride) + 1.</summary>
    internal ImageDimensions Grid => new(
        (ImageSize.Height - PatchSize.Height) / Stride.Height + 1,
        (ImageSize.Width - PatchSize.Width) / Stride.Width + 1);

    /// <summary>Number of tokens before the patches: class, distillation and register tokens, in this order.</summary>
    internal int PrefixTokens => (ClassToken ? 1 : 0) + (DistillationToken ? 1 : 0) + RegisterTokens;

    /// <summary>Number of prefix tokens that pooling over the patches excludes.</summary>
    internal int UnpooledTokens => PoolPrefixTokens ? 0 : PrefixTokens;

    /// <summary>Number of patches.</summary>
    internal int PatchTokens => Grid.Height * Grid.Width;

    /// <summary>Number of tokens T: the prefix and one for each patch.</summary>
    internal int Tokens => PrefixTokens + PatchTokens;

    /// <summary>How many tokens, counted from the first, the head or the pool before it reads.</summary>
    internal int HeadTokens => PoolingRecipe.TokensRead(this, PoolingRecipe.OfHeads(this));

    /// <summary>Entries of the position table.</summary>
    internal int PositionCount => PositionsCoverPrefix ? Tokens : PatchTokens;

    /// <summary>Whether the final norm follows the pool.</summary>
    internal bool NormsPooled => NormAfterPooling ?? PoolingRecipe.Of(Pooling).NormFollows;

    /// <summary>Width of the pool's output.</summary>
    internal int PooledDimension => PoolingRecipe.Of(Pooling).Widths * EmbeddingDimension;

    /// <summary>Width of the head's input.</summary>
    internal int FeatureDimension => RepresentationDimension > 0 ? RepresentationDimension : PooledDimension;

    /// <summary>Width of the MLP's hidden layer: the input of <c>fc2</c>.</summary>
    internal int MlpHiddenDimension => ((int)(EmbeddingDimension * MlpRatio) + MlpWidthMultiple - 1) / MlpWidthMultiple * MlpWidthMultiple;

    /// <summary>The ratio that gives exactly the hidden width, despite rounding in the division.</summary>
    internal static double MlpRatioOf(int hidden, int dimension)
    {
        double ratio = (double)hidden / dimension;
        return (int)(dimension * ratio) == hidden ? ratio : Math.BitIncrement(ratio);
    }
}

/// <summary>A height and a width. A single integer is a square: <c>ImageSize = 64</c>, <c>ImageSize = (48, 80)</c>.</summary>
/// <param name="Height">Number of rows.</param>
/// <param name="Width">Number of columns.</param>
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
