// The resampling kernels as formulas.
namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>Weight of a pixel by its distance in pixels from the point that is sampled; Pillow's definitions (src/libImaging/Resample.c).</summary>
internal static class ResamplingKernel
{
    private const double CubicA = -0.5;
    private const int LanczosLobes = 3;

    /// <summary>Distance from which on the weight is 0.</summary>
    internal static double Radius(ImageInterpolation kernel) => kernel switch
    {
        ImageInterpolation.Bilinear => 1,
        ImageInterpolation.Bicubic => 2,
        _ => LanczosLobes,
    };

    /// <summary>The weight at a distance, negative or positive.</summary>
    internal static double Weight(ImageInterpolation kernel, double distance) => kernel switch
    {
        ImageInterpolation.Bilinear => Math.Max(0, 1 - Math.Abs(distance)),
        ImageInterpolation.Bicubic => Cubic(Math.Abs(distance)),
        _ => Lanczos(distance),
    };

    /// <summary>Keys' cubic convolution (1981) with a = -0.5.</summary>
    private static double Cubic(double x) => x switch
    {
        < 1 => ((CubicA + 2) * x - (CubicA + 3)) * x * x + 1,
        < 2 => (((x - 5) * x + 8) * x - 4) * CubicA,
        _ => 0,
    };

    private static double Lanczos(double x) => x is >= -LanczosLobes and < LanczosLobes ? Sinc(x) * Sinc(x / LanczosLobes) : 0;

    private static double Sinc(double x)
    {
        if (x == 0)
            return 1;
        x *= Math.PI;
        return Math.Sin(x) / x;
    }
}
