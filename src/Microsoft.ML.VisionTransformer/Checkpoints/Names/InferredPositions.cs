// Image size and prefix entries from the length of a position table.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class InferredPositions
{
    private const int UsualImageSide = 224;

    /// <summary>
    /// A table of P entries stands for a square of patches, with or without the tokens before them. Where both are squares (9 entries, 5 tokens before the
    /// patches) the larger square is taken.
    /// </summary>
    /// <exception cref="InvalidCheckpointException">Neither is a square.</exception>
    internal static VisionTransformerArchitecture With(NetworkShapes shapes, VisionTransformerArchitecture found, List<string> notes)
    {
        var patch = found.PatchSize;
        if (!shapes.Has("pos_embed"))
            return WithoutTable(found, notes);
        int[] table = shapes.Of("pos_embed", 3);
        int count = table[1], prefix = found.PrefixTokens;
        bool covers = Root(count) is null && prefix > 0;
        if (Root(covers ? count - prefix : count) is not { } side)
            throw shapes.Error($"its {count} positions are no square of patches, with or without {prefix} tokens before them");
        if (prefix > 0 && !covers)
            notes.Add($"The file has {count} positions, which is {side} x {side} patches; none for the {prefix} tokens before them assumed.");
        return found with
        {
            PositionEmbedding = PositionEmbedding.Learned,
            PositionsCoverPrefix = covers || prefix == 0,
            ImageSize = ImageOf(shapes, patch, side),
        };
    }

    private static VisionTransformerArchitecture WithoutTable(VisionTransformerArchitecture found, List<string> notes)
    {
        var patch = found.PatchSize;
        var image = new ImageDimensions(Math.Max(1, UsualImageSide / patch.Height) * patch.Height, Math.Max(1, UsualImageSide / patch.Width) * patch.Width);
        notes.Add($"The file has no position table and so no image size; {image} assumed.");
        return found with { PositionEmbedding = PositionEmbedding.None, ImageSize = image };
    }

    private static ImageDimensions ImageOf(NetworkShapes shapes, ImageDimensions patch, int side)
    {
        long height = (long)side * patch.Height, width = (long)side * patch.Width;
        return height <= int.MaxValue && width <= int.MaxValue
            ? ((int)height, (int)width)
            : throw shapes.Error($"{side} x {side} patches of {patch} pixels make no image");
    }

    private static int? Root(int count)
    {
        if (count < 1)
            return null;
        int root = (int)Math.Round(Math.Sqrt(count));
        return (long)root * root == count ? root : null;
    }
}
