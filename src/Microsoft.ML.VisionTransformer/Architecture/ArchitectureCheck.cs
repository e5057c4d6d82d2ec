// Validates an architecture before a network is built from it.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Architecture;

/// <summary>The limits and consistency checks of an architecture.</summary>
internal static class ArchitectureCheck
{
    /// <summary>
    /// Limits far above any published network and small enough that no product of them overflows. A configuration beyond them is corrupt or hostile and is
    /// rejected before memory is allocated.
    /// </summary>
    internal const int MostDepth = 1_000, MostWidth = 65_536, MostHidden = 262_144, MostClasses = 1_000_000;

    /// <inheritdoc cref="MostDepth"/>
    internal const int MostSide = 65_536, MostTokens = 131_072, MostInput = 1 << 28;

    /// <summary>137 GB in float32.</summary>
    private const long MostParameters = 1L << 35;

    /// <summary>Returns the architecture if a network can be built from it.</summary>
    /// <exception cref="ArgumentException">No network can be built; the message names the invalid values and what is expected.</exception>
    internal static VisionTransformerArchitecture Check(this VisionTransformerArchitecture architecture)
    {
        Guard.NotNull(architecture);
        CheckPatches(architecture);
        CheckWidths(architecture);
        CheckTokens(architecture);
        CheckArrayLengths(architecture);
        CheckRotary(architecture);
        Guard.Defined(architecture.PositionEmbedding);
        Guard.Defined(architecture.Mlp);
        Guard.Defined(architecture.Activation);
        Guard.Defined(architecture.Initialization);
        Guard.Above(architecture.NormEpsilon, 0);
        Guard.InRange(architecture.EmbeddingDropoutRate, from: 0, below: 1);
        Guard.InRange(architecture.AttentionDropoutRate, from: 0, below: 1);
        Guard.InRange(architecture.ProjectionDropoutRate, from: 0, below: 1);
        Guard.InRange(architecture.DropPathRate, from: 0, below: 1);
        Guard.NotNull(architecture.Name);
        CheckParameterCount(architecture);
        return architecture;
    }

    private static void CheckPatches(VisionTransformerArchitecture architecture)
    {
        var (image, patch, stride) = (architecture.ImageSize, architecture.PatchSize, architecture.Stride);
        Require(image is { Height: >= 1, Width: >= 1 }, nameof(architecture.ImageSize), $"ImageSize is {image}; both sides must be at least 1 pixel.");
        Require(patch is { Height: >= 1, Width: >= 1 }, nameof(architecture.PatchSize), $"PatchSize is {patch}; both sides must be at least 1 pixel.");
        Require(stride is { Height: >= 1, Width: >= 1 }, nameof(architecture.PatchStride), $"PatchStride is {stride}; both steps must be at least 1 pixel.");
        Require(
            image.Height >= patch.Height && image.Width >= patch.Width,
            nameof(architecture.ImageSize),
            $"ImageSize is {image} and PatchSize {patch}: the image must hold at least one patch. Use a larger image or a smaller patch.");
        Guard.InRange(architecture.Channels, 1, MostSide + 1);
        Require(
            image is { Height: <= MostSide, Width: <= MostSide } && (long)architecture.Channels * image.Height * image.Width <= MostInput,
            nameof(architecture.ImageSize),
            $"ImageSize is {image} with {architecture.Channels} channels; the limit is {MostInput} values, and {MostSide} pixels per side.");
        long patches = ((image.Height - patch.Height) / stride.Height + 1L) * ((image.Width - patch.Width) / stride.Width + 1L);
        Require(
            patches + Guard.InRange(architecture.RegisterTokens, 0, MostTokens) <= MostTokens,
            nameof(architecture.ImageSize),
            $"ImageSize is {image} and PatchSize {patch}: they give {patches} tokens; the limit is {MostTokens}. Use a smaller image or larger patches.");
    }

    private static void CheckWidths(VisionTransformerArchitecture architecture)
    {
        int dimension = Guard.InRange(architecture.EmbeddingDimension, 1, MostWidth + 1), heads = Guard.AtLeast(architecture.Heads, 1);
        Guard.InRange(architecture.Classes, 0, MostClasses + 1);
        Guard.InRange(architecture.Depth, 1, MostDepth + 1);
        Guard.InRange(architecture.RepresentationDimension, 0, MostWidth + 1);
        Guard.Above(architecture.MlpRatio, 0);
        Guard.InRange(architecture.MlpWidthMultiple, 1, 65537);
        Require(
            dimension % heads == 0,
            nameof(architecture.Heads),
            $"Heads is {heads}, which does not divide EmbeddingDimension {dimension}: all heads must have the same width.");
        Require(
            dimension * architecture.MlpRatio is >= 1 and <= MostHidden,
            nameof(architecture.MlpRatio),
            $"MlpRatio is {architecture.MlpRatio}: with EmbeddingDimension {dimension} the hidden layer must be at least 1 and at most {MostHidden} wide.");
        Require(
            architecture.PositionEmbedding != PositionEmbedding.SinCos2D || dimension % 4 == 0,
            nameof(architecture.EmbeddingDimension),
            $"EmbeddingDimension is {dimension}; with PositionEmbedding.SinCos2D it must be divisible by 4 (sine and cosine of row and column).");
    }

    private static void CheckTokens(VisionTransformerArchitecture architecture)
    {
        if (architecture.LayerScale is { } scale)
            Require(double.IsFinite(scale), nameof(architecture.LayerScale), $"LayerScale is {scale}; it must be finite, or null for none.");
        var recipe = PoolingRecipe.Of(Guard.Defined(architecture.Pooling));
        Require(
            architecture.ClassToken || !recipe.ReadsClassToken,
            nameof(architecture.Pooling),
            $"Pooling is {architecture.Pooling} and ClassToken is false: there is no class token to read. Set Pooling to Average, or ClassToken to true.");
        Require(
            !architecture.DistillationToken || architecture is { ClassToken: true, Pooling: TokenPooling.ClassToken },
            nameof(architecture.DistillationToken),
            $"DistillationToken needs ClassToken and TokenPooling.ClassToken; Pooling is {architecture.Pooling}.");
        Require(
            !recipe.KeepsAll || architecture is { Classes: 0, RepresentationDimension: 0 },
            nameof(architecture.Pooling),
            $"Pooling is None: the network returns all tokens, without a head. Set Classes (now {architecture.Classes}) and RepresentationDimension to 0.");
        Require(
            !architecture.NormsPooled || recipe.Widths == 1,
            nameof(architecture.NormAfterPooling),
            $"NormAfterPooling cannot be set with Pooling {architecture.Pooling}: the final norm is as wide as one token.");
    }

    /// <summary>Checks that each weight and the tokens of an image fit in an array; products of sizes are 32-bit from here on.</summary>
    private static void CheckArrayLengths(VisionTransformerArchitecture architecture)
    {
        var (patch, grid) = (architecture.PatchSize, architecture.Grid);
        Int128 dimension = architecture.EmbeddingDimension, channels = architecture.Channels;
        var features = Int128.Max(2 * dimension, architecture.RepresentationDimension);
        int layers = architecture.Mlp == MlpKind.SwiGlu ? 2 : 1;
        RequireArray(nameof(architecture.EmbeddingDimension), "attn.qkv.weight", 3 * dimension * dimension);
        RequireArray(nameof(architecture.MlpRatio), "mlp.fc1.weight", layers * dimension * architecture.MlpHiddenDimension);
        RequireArray(nameof(architecture.PatchSize), "patch_embed.proj.weight", channels * dimension * patch.Height * patch.Width);
        var tokens = (Int128)grid.Height * grid.Width + architecture.RegisterTokens + 2;
        RequireArray(nameof(architecture.ImageSize), "the tokens of an image", dimension * tokens);
        RequireArray(nameof(architecture.RepresentationDimension), "pre_logits.fc.weight", 2 * dimension * architecture.RepresentationDimension);
        RequireArray(nameof(architecture.Classes), "head.weight", features * architecture.Classes);
    }

    private static void RequireArray(string name, string what, Int128 values) =>
        Require(values <= Array.MaxLength, name, $"{name} is too large: {what} would have {values} values; the limit is {Array.MaxLength}.");

    private static void CheckRotary(VisionTransformerArchitecture architecture)
    {
        if (architecture.Rotary is not { } rotary)
            return;
        Guard.Defined(rotary.Layout);
        Guard.Above(rotary.Temperature, 0);
        int dimension = architecture.EmbeddingDimension, width = dimension / architecture.Heads;
        Require(
            width % 4 == 0,
            nameof(architecture.Heads),
            $"Heads is {architecture.Heads}: with EmbeddingDimension {dimension} each head is {width} wide; Rotary needs a width divisible by 4.");
        Require(
            rotary.ReferenceGrid is null or { Height: >= 1, Width: >= 1 },
            nameof(rotary.ReferenceGrid),
            $"ReferenceGrid is {rotary.ReferenceGrid}; both sides must be at least 1.");
    }

    private static void CheckParameterCount(VisionTransformerArchitecture architecture)
    {
        long count = architecture.ParameterCount();
        Require(
            count <= MostParameters,
            nameof(architecture.EmbeddingDimension),
            $"EmbeddingDimension is {architecture.EmbeddingDimension}: with MlpRatio {architecture.MlpRatio} and Depth {architecture.Depth} the network has {count} parameters; the limit is {MostParameters}.");
    }

    private static void Require(bool condition, string name, FormattableString message)
    {
        if (!condition)
            throw new ArgumentException(message.ToString(CultureInfo.InvariantCulture), name);
    }
}
