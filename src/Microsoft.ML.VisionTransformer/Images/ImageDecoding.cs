// What a decoder keeps to: how large a picture may be, whether a cut-off file is taken, and at which scale.
namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>Immutable; the defaults are those of <see cref="ImagePreprocessing"/>, at full size.</summary>
internal sealed record ImageDecoding
{
    internal static ImageDecoding Default { get; } = new();

    /// <summary>Pixels that a picture may declare; it is refused before memory is taken for more.</summary>
    internal int MaxPixels { get; init; } = ImagePreprocessing.DefaultMaxPixels;

    /// <summary>Whether a file that ends early is taken with what is there.</summary>
    internal bool AllowTruncated { get; init; }

    /// <summary>
    /// Given width and height of the upright picture, by what a JPEG's sides may be divided: 1, 2, 4 or 8. Null: by nothing.
    /// </summary>
    internal Func<int, int, int>? Reduction { get; init; }
}
