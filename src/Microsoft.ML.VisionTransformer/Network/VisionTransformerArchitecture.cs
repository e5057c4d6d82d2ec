// The shape of a Vision Transformer as an immutable record: every part is a parameter.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Network;

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

    /// <summary>Hidden width of a block's MLP as a multiple of <see cref="EmbeddingDimension"/>, truncated to a whole number. Default 4.</summary>
    public double MlpRatio { get; init; } = 4;

    /// <summary>Bias on the query, key and value projection. Default true.</summary>
    public bool QkvBias { get; init; } = true;

    /// <summary>How positions are told apart. Default learned.</summary>
    public PositionEmbedding PositionEmbedding { get; init; } = PositionEmbedding.Learned;

    /// <summary>What the head sees. Default the class token.</summary>
    public TokenPooling Pooling { get; init; } = TokenPooling.ClassToken;

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
    /// <exception cref="ArgumentException">The name is not known; the message suggests the nearest.</exception>
    public static VisionTransformerArchitecture Parse(string name) => ArchitecturePresets.Parse(Guard.NotBlank(name));

    /// <summary>The step between patches that is in force.</summary>
    internal ImageDimensions Stride => PatchStride ?? PatchSize;

    /// <summary>Rows and columns of the patch grid: floor((image - patch) / stride) + 1.</summary>
    internal ImageDimensions Grid => new(
        (ImageSize.Height - PatchSize.Height) / Stride.Height + 1,
        (ImageSize.Width - PatchSize.Width) / Stride.Width + 1);

    /// <summary>Number of tokens T in the stream: the class token and one for each patch.</summary>
    internal int Tokens => 1 + Grid.Height * Grid.Width;

    /// <summary>Width of the MLP's hidden layer.</summary>
    internal int MlpHiddenDimension => (int)(EmbeddingDimension * MlpRatio);
}
