// One side of a picture after resizing, and the part of it that is wanted.
namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>
/// <paramref name="Count"/> pixels from pixel <paramref name="Start"/> of a side that is resized to <paramref name="Size"/> pixels. Only
/// those are computed: the shorter side of a 1 x 5000 picture at 224 means a longer side of over a million.
/// </summary>
internal readonly record struct ResizedSide(long Size, long Start, int Count)
{
    /// <summary>The whole of a side of <paramref name="size"/> pixels.</summary>
    internal static ResizedSide Whole(int size) => new(size, 0, size);
}
