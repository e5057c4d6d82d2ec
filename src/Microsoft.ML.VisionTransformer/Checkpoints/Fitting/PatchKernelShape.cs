// The sizes of the kernels that turn patches into tokens.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Kernels [D, C, kernel height, kernel width], row-major.</summary>
/// <param name="Dimension">D, the number of kernels.</param>
/// <param name="Channels">C, those of the image.</param>
/// <param name="Patch">Height and width in pixels.</param>
internal readonly record struct PatchKernelShape(int Dimension, int Channels, ImageDimensions Patch)
{
    /// <summary>Number of values of one channel of one kernel.</summary>
    internal int Plane => checked(Patch.Height * Patch.Width);

    /// <summary>Number of values.</summary>
    internal int Count => checked(Dimension * Channels * Plane);

    /// <summary>"[192, 3, 16, 16]".</summary>
    public override string ToString() => FormattableString.Invariant($"[{Dimension}, {Channels}, {Patch.Height}, {Patch.Width}]");
}
