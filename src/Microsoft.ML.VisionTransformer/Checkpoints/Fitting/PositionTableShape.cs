// The sizes of a table of learned positions.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>A table [1, P, D] whose P entries are those of leading tokens and, behind them, one for each patch, row by row.</summary>
/// <param name="Prefix">Leading entries: of the class, distillation and register tokens that have a position.</param>
/// <param name="Grid">Rows and columns of patches.</param>
/// <param name="Dimension">D.</param>
internal readonly record struct PositionTableShape(int Prefix, ImageDimensions Grid, int Dimension)
{
    /// <summary>P.</summary>
    internal int Entries => checked(Prefix + Grid.Height * Grid.Width);

    /// <summary>Number of values.</summary>
    internal int Count => checked(Entries * Dimension);

    /// <summary>The shape of a table whose grid nobody has told: it is taken for a square, as timm does.</summary>
    /// <param name="entries">P.</param>
    /// <param name="prefix">Leading entries.</param>
    /// <param name="dimension">D.</param>
    /// <param name="where">File and tensor, for messages.</param>
    /// <exception cref="InvalidCheckpointException">The entries behind the leading ones are no square.</exception>
    internal static PositionTableShape Square(int entries, int prefix, int dimension, string where)
    {
        int patches = entries - prefix, side = (int)Math.Sqrt(Math.Max(patches, 0));
        return side > 0 && side * side == patches
            ? new PositionTableShape(prefix, side, dimension)
            : throw new InvalidCheckpointException(
                $"{where} has {entries} entries, {prefix} of them for leading tokens: the {patches} others are no square grid of patches; "
                + "give the architecture that the weights were trained with, image size included.");
    }
}
