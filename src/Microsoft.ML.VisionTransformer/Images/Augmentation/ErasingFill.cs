// What random erasing writes into a rectangle.
namespace Microsoft.ML.VisionTransformer;

/// <summary>What random erasing writes over a rectangle of the normalised image.</summary>
public enum ErasingFill
{
    /// <summary>Zeros: the mean colour (timm's <c>const</c>).</summary>
    Mean,

    /// <summary>One random colour, standard normal in each channel (timm's <c>rand</c>).</summary>
    Color,

    /// <summary>Standard normal noise in each pixel and channel (timm's <c>pixel</c>).</summary>
    Noise,
}
