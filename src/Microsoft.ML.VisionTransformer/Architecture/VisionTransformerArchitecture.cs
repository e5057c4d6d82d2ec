// The architecture of a Vision Transformer as an immutable record, and the image size type.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// The architecture of a Vision Transformer ("An Image is Worth 16x16 Words", arXiv:2010.11929), in timm's terms. Start
/// from a named preset and change what differs.
/// </summary>
/// <example>
/// A small network for images of 48 x 80 pixels:
/// <code>
/// using Microsoft.ML.VisionTransformer;
///
/// var architecture = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with
/// {
///     ImageSize = new ImageDimensions(Height: 48, Width: 80),
///     PatchSize = 8,                                              // one number is a square
///     Classes = 5,
///     Depth = 6,
///     PositionEmbedding = PositionEmbedding.SinCos2D,
///     Pooling = TokenPooling.Average,
///     Mlp = MlpKind.SwiGlu,
///     MlpRatio = 2.66667,
///     Initialization = WeightInitialization.Jax,
/// };
/// Console.WriteLine($"{architecture.CountParameters():N0} parameters for images of {architecture.ImageSize}");
/// Console.WriteLine($"{VisionTransformerArchitecture.Known.Count} presets");
/// </code>
/// </example>
public sealed record VisionTransformerArchitecture
{
    /// <summary>
    /// timm's name of the preset that the architecture is based on. Default <c>vit_base_patch16_224</c>.
    /// </summary>
    public string Name { get; init; } = "vit_base_patch16_224";

    /// <summary>Height and width of the input in pixels. Default 224.</summary>
    public ImageDimensions ImageSize { get; init; } = 224;

    /// <summary>
    /// Height and width of a patch in pixels, which is the kernel size of the patch embedding. Default 16.
    /// </summary>
    public ImageDimensions PatchSize { get; init; } = 16;

    /// <summary>
    /// Step between patches in pixels. If it is smaller than <see cref="PatchSize"/>, patches overlap. Default null:
    /// the patch size.
    /// </summary>
    public ImageDimensions? PatchStride { get; init; }

    /// <summary>Whether the patch embedding has a bias. Default true. CLIP has none.</summary>
    public bool PatchBias { get; init; } = true;

    /// <summary>
    /// Whether a layer norm follows the patch embedding, before the position embedding is added. Default false.
    /// </summary>
    public bool PatchNorm { get; init; }

    /// <summary>Number of color channels of the input: 3 (RGB), 1 (gray) or 4. Default 3.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>
    /// Number of outputs of the head. With 0 there is no head, and the network returns features. Default 1000.
    /// </summary>
    public int Classes { get; init; } = 1000;

    /// <summary>The embedding dimension D: length of a token. Default 768.</summary>
    public int EmbeddingDimension { get; init; } = 768;

    /// <summary>Number of blocks. Default 12.</summary>
    public int Depth { get; init; } = 12;

    /// <summary>
    /// Number of attention heads per block. It must divide <see cref="EmbeddingDimension"/>. Default 12.
    /// </summary>
    public int Heads { get; init; } = 12;

    /// <summary>Whether the first token is a class token. Default true.</summary>
    public bool ClassToken { get; init; } = true;

    /// <summary>
    /// Whether a distillation token with its own head follows the class token (DeiT, arXiv:2012.12877, section 4).
    /// Features and logits are the means of the two. It requires <see cref="ClassToken"/> and
    /// <see cref="TokenPooling.ClassToken"/>. Default false.
    /// </summary>
    public bool DistillationToken { get; init; }

    /// <summary>
    /// Number of register tokens between the class token and the patch tokens (arXiv:2309.16588). Default 0.
    /// </summary>
    public int RegisterTokens { get; init; }

    /// <summary>How positions are encoded. Default <see cref="VisionTransformer.PositionEmbedding.Learned"/>.</summary>
    public PositionEmbedding PositionEmbedding { get; init; } = PositionEmbedding.Learned;

    /// <summary>
    /// Whether the position embedding also has vectors for the class, distillation and register tokens. Default true.
    /// False is timm's <c>no_embed_class</c> (DeiT-3), which adds the position embedding to the patch tokens only.
    /// </summary>
    public bool PositionsCoverPrefix { get; init; } = true;

    /// <summary>
    /// Rotation of queries and keys by the position of the patch. It can replace <see cref="PositionEmbedding"/> or
    /// complement it. Default null: no rotation.
    /// </summary>
    public RotaryEmbedding? Rotary { get; init; }

    /// <summary>
    /// Whether a layer norm over all tokens precedes the first block (CLIP; timm's <c>norm_pre</c>). Default false.
    /// </summary>
    public bool PreNorm { get; init; }

    /// <summary>Whether the query, key and value projection has a bias. Default true.</summary>
    public bool QkvBias { get; init; } = true;

    /// <summary>
    /// Whether the bias of <see cref="QkvBias"/> includes the keys. Default true. It is false for EVA and DINOv3.
    /// </summary>
    public bool KeyBias { get; init; } = true;

    /// <summary>
    /// Whether the queries and keys of each head are layer-normalized, with weights that all heads share
    /// (arXiv:2302.05442, section 2). Default false.
    /// </summary>
    public bool QkNorm { get; init; }

    /// <summary>
    /// Whether a layer norm precedes the output projection of the attention (timm's <c>scale_attn_norm</c>;
    /// EVA-02-CLIP). Default false.
    /// </summary>
    public bool AttentionNorm { get; init; }

    /// <summary>The structure of the MLP in a block. Default <see cref="MlpKind.Plain"/>.</summary>
    public MlpKind Mlp { get; init; } = MlpKind.Plain;

    /// <summary>
    /// The MLP ratio: input width of the second layer divided by <see cref="EmbeddingDimension"/>. The width is
    /// truncated to an integer. Default 4. timm counts both halves of the SwiGLU of DINOv2, so its 5.33334 is 2.66667
    /// here.
    /// </summary>
    public double MlpRatio { get; init; } = 4;

    /// <summary>
    /// The hidden width of the MLP is rounded up to a multiple of this value (timm's <c>swiglu_align_to</c>). Default
    /// 1.
    /// </summary>
    public int MlpWidthMultiple { get; init; } = 1;

    /// <summary>
    /// The activation of the MLP. SwiGLU ignores it, because it has its own. Default <see cref="MlpActivation.Gelu"/>.
    /// </summary>
    public MlpActivation Activation { get; init; } = MlpActivation.Gelu;

    /// <summary>
    /// Whether a layer norm follows the activation of the MLP (timm's <c>scale_mlp_norm</c>; EVA-02). Default false.
    /// </summary>
    public bool MlpNorm { get; init; }

    /// <summary>
    /// Initial value of the LayerScale factors, which multiply each branch of a block (arXiv:2103.17239, section 2).
    /// Default null: no LayerScale.
    /// </summary>
    public double? LayerScale { get; init; }

    /// <summary>
    /// How the input of the head is computed from the tokens. Default <see cref="TokenPooling.ClassToken"/>.
    /// </summary>
    public TokenPooling Pooling { get; init; } = TokenPooling.ClassToken;

    /// <summary>
    /// Whether mean, maximum and attention pooling include the tokens before the patch tokens. Default false: patch
    /// tokens only.
    /// </summary>
    public bool PoolPrefixTokens { get; init; }

    /// <summary>
    /// Whether the final norm follows the pooling (timm's <c>fc_norm</c>). Default null: true if <see cref="Pooling"/>
    /// is a mean or a maximum of tokens, otherwise false.
    /// </summary>
    public bool? NormAfterPooling { get; init; }

    /// <summary>
    /// Width of a tanh layer between pooling and head, as in the pretraining of the paper (arXiv:2010.11929, section
    /// 3.1; Hugging Face's <c>pooler</c>). Default 0: no such layer.
    /// </summary>
    public int RepresentationDimension { get; init; }

    /// <summary>Whether the head has a bias. Default true. The projection of a CLIP image tower has none.</summary>
    public bool HeadBias { get; init; } = true;

    /// <summary>
    /// Epsilon of every layer norm. Default 1e-6, as in timm and the original code. PyTorch's own default is 1e-5.
    /// </summary>
    public double NormEpsilon { get; init; } = 1e-6;

    /// <summary>Dropout rate of the tokens after the position embedding is added, in [0, 1). Default 0.</summary>
    public double EmbeddingDropoutRate { get; init; }

    /// <summary>
    /// Dropout rate of the attention weights, in [0, 1). Default 0. Above 0, training computes attention without the
    /// fused kernel.
    /// </summary>
    public double AttentionDropoutRate { get; init; }

    /// <summary>
    /// Dropout rate after the output projection of the attention and after both MLP layers, in [0, 1). Default 0.
    /// </summary>
    public double ProjectionDropoutRate { get; init; }

    /// <summary>
    /// Drop path (arXiv:1603.09382): the probability that training skips the branches of the last block for an image,
    /// in [0, 1). It grows linearly with depth, from 0 at the first block. Default 0.
    /// </summary>
    public double DropPathRate { get; init; }

    /// <summary>
    /// How the weights of a new network are initialized. Default <see cref="WeightInitialization.Timm"/>.
    /// </summary>
    public WeightInitialization Initialization { get; init; } = WeightInitialization.Timm;

    /// <summary>The names of all presets, sorted. <see cref="Parse"/> accepts them.</summary>
    public static IReadOnlyList<string> Known => ArchitecturePresets.Names;

    /// <summary>
    /// Returns the preset with a timm name, such as <c>vit_tiny_patch16_224</c>. A tag such as <c>.augreg_in21k</c> may
    /// follow the name.
    /// </summary>
    /// <param name="name">One of the names in <see cref="Known"/>; case-sensitive.</param>
    /// <returns>The architecture, with the number of classes of the public weights.</returns>
    /// <exception cref="ArgumentException">The name is unknown. The message suggests the nearest one.</exception>
    public static VisionTransformerArchitecture Parse(string name) => ArchitecturePresets.Parse(Guard.NotBlank(name));

    /// <summary>
    /// Counts the trainable parameters: the values of all weights and biases. Tables that are computed, such as fixed
    /// positions, do not count.
    /// </summary>
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

    /// <summary>Values of one image as network input: channels x height x width.</summary>
    internal int ImageValues => Channels * ImageSize.Height * ImageSize.Width;

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

/// <summary>
/// A height and a width in pixels. A single integer converts to a square, and a tuple to a rectangle: <c>ImageSize =
/// 64</c>, <c>ImageSize = (48, 80)</c>.
/// </summary>
/// <param name="Height">Number of rows.</param>
/// <param name="Width">Number of columns.</param>
/// <seealso cref="VisionTransformerArchitecture"/>
public readonly record struct ImageDimensions(int Height, int Width)
{
    /// <summary>Converts a number to a square of <paramref name="side"/> by <paramref name="side"/> pixels.</summary>
    /// <param name="side">Height and width.</param>
    /// <returns>The square.</returns>
    public static implicit operator ImageDimensions(int side) => new(side, side);

    /// <summary>Converts a tuple of height and width.</summary>
    /// <param name="size">The height, then the width.</param>
    /// <returns>The height and width.</returns>
    public static implicit operator ImageDimensions((int Height, int Width) size) => new(size.Height, size.Width);

    /// <summary>Creates a square of <paramref name="side"/> by <paramref name="side"/> pixels.</summary>
    /// <param name="side">Height and width.</param>
    /// <returns>The square.</returns>
    public static ImageDimensions FromInt32(int side) => side;

    /// <summary>Creates dimensions from a tuple of height and width.</summary>
    /// <param name="size">The height, then the width.</param>
    /// <returns>The height and width.</returns>
    public static ImageDimensions FromValueTuple((int Height, int Width) size) => size;

    /// <summary>Height and width as text, such as "224x224".</summary>
    /// <returns>The text, with the height first.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Height}x{Width}");
}
