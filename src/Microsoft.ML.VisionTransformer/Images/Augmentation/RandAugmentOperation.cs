// The operations that RandAugment draws from.
namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>timm's set for <c>inc1</c>: each grows stronger with the level, in the range behind it.</summary>
internal enum RandAugmentOperation
{
    /// <summary>No strength.</summary>
    AutoContrast,

    /// <summary>No strength.</summary>
    Equalize,

    /// <summary>No strength.</summary>
    Invert,

    /// <summary>Up to 30 degrees, either way.</summary>
    Rotate,

    /// <summary>4 bits down to 0.</summary>
    Posterize,

    /// <summary>Threshold 256 down to 0.</summary>
    Solarize,

    /// <summary>0 to 110 added.</summary>
    SolarizeAdd,

    /// <summary>Saturation by a factor of 1 to 1.9, or 1 to 0.1.</summary>
    Color,

    /// <summary>As <see cref="Color"/>.</summary>
    Contrast,

    /// <summary>As <see cref="Color"/>.</summary>
    Brightness,

    /// <summary>As <see cref="Color"/>.</summary>
    Sharpness,

    /// <summary>Up to 0.3 pixels a row, either way.</summary>
    ShearX,

    /// <summary>Up to 0.3 pixels a column, either way.</summary>
    ShearY,

    /// <summary>Up to 45 % of the width, either way.</summary>
    TranslateX,

    /// <summary>Up to 45 % of the height, either way.</summary>
    TranslateY,
}
