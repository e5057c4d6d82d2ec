// Where each pixel of a rotated, sheared or shifted picture comes from.
namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>
/// The point (x, y) of the result shows the source's point (XX x + XY y + X0, YX x + YY y + Y0); pixel i covers [i, i + 1), its middle is
/// i + 1/2. Pillow's <c>AFFINE</c>.
/// </summary>
internal readonly record struct AffineMap(double XX, double XY, double X0, double YX, double YY, double Y0)
{
    /// <summary>Turns the picture counter-clockwise around its middle, as Pillow's <c>rotate</c>.</summary>
    internal static AffineMap Rotation(double degrees, int width, int height)
    {
        const int Digits = 15;    // Pillow rounds, so that right angles are exact
        double angle = -degrees * Math.PI / 180, cos = Math.Round(Math.Cos(angle), Digits), sin = Math.Round(Math.Sin(angle), Digits);
        double x = width / 2.0, y = height / 2.0;
        return new(cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y);
    }

    /// <summary>Row y is shown <paramref name="factor"/> y pixels further left; the top edge stays.</summary>
    internal static AffineMap ShearX(double factor) => new(1, factor, 0, 0, 1, 0);

    /// <summary>Column x is shown <paramref name="factor"/> x pixels higher; the left edge stays.</summary>
    internal static AffineMap ShearY(double factor) => new(1, 0, 0, factor, 1, 0);

    /// <summary>Moves the picture right and down.</summary>
    internal static AffineMap Translation(double right, double down) => new(1, 0, -right, 0, 1, -down);
}
