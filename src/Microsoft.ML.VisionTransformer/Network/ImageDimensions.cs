// Height and width of an image, a patch or a stride, written as one number where both are the same.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer;

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
