// Height and width of an image, a patch or a stride, written as one number where both are the same.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer;

/// <summary>A size in pixels. One number stands for a square: <c>ImageSize = 64</c>, <c>ImageSize = (48, 80)</c>.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
public readonly record struct ImageDimensions(int Height, int Width)
{
    /// <summary>A square of <paramref name="side"/> by <paramref name="side"/> pixels.</summary>
    public static implicit operator ImageDimensions(int side) => new(side, side);

    /// <summary>(height, width).</summary>
    public static implicit operator ImageDimensions((int Height, int Width) size) => new(size.Height, size.Width);

    /// <summary>A square of <paramref name="side"/> by <paramref name="side"/> pixels.</summary>
    public static ImageDimensions FromInt32(int side) => side;

    /// <summary>(height, width).</summary>
    public static ImageDimensions FromValueTuple((int Height, int Width) size) => size;

    /// <summary>"224x224": height x width.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Height}x{Width}");
}
