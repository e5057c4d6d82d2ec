// The operations that TrivialAugment draws from.
namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>torchvision's set, in its order, with the range from strength 0 to strength 30.</summary>
internal enum TrivialAugmentOperation
{
    /// <summary>Nothing.</summary>
    Identity,

    /// <summary>Up to 0.99 pixels a row, either way.</summary>
    ShearX,

    /// <summary>Up to 0.99 pixels a column, either way.</summary>
    ShearY,

    /// <summary>Up to 32 pixels, either way, whatever the picture's size.</summary>
    TranslateX,

    /// <summary>Up to 32 pixels, either way, whatever the picture's size.</summary>
    TranslateY,

    /// <summary>Up to 135 degrees, either way.</summary>
    Rotate,

    /// <summary>By a factor of 1 to 1.99, or 1 to 0.01.</summary>
    Brightness,

    /// <summary>Saturation, as <see cref="Brightness"/>.</summary>
    Color,

    /// <summary>As <see cref="Brightness"/>.</summary>
    Contrast,

    /// <summary>As <see cref="Brightness"/>.</summary>
    Sharpness,

    /// <summary>8 bits down to 2.</summary>
    Posterize,

    /// <summary>Threshold 255 down to 0.</summary>
    Solarize,

    /// <summary>No strength.</summary>
    AutoContrast,

    /// <summary>No strength.</summary>
    Equalize,
}
