// The preprocessing settings of images, from file to network input, as one record that is stored with the model.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// How images become the input of the network. They are decoded, oriented, resized with antialiasing, cropped, scaled
/// to [0, 1], and normalized per channel by (value - mean) / standard deviation. Training, batch scoring and
/// <c>PredictionEngine</c> use the same settings. Rules and rounding match timm with Pillow.
/// </summary>
/// <example>
/// <code>
/// using Microsoft.ML;
/// using Microsoft.ML.VisionTransformer;
///
/// var preset = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224");
/// var preprocessing = ImagePreprocessing.For(preset) with
/// {
///     Resizing = ImageResizing.Pad,                             // keep the whole photo
///     Interpolation = ImageInterpolation.Bilinear,
///     Mean = new ChannelValues(0.485f, 0.456f, 0.406f),
///     StandardDeviation = new ChannelValues(0.229f, 0.224f, 0.225f),
/// };
/// Console.WriteLine($"{preprocessing.Size}, mean {preprocessing.Mean}");
///
/// byte[] photo = File.ReadAllBytes(Directory.GetFiles("flowers/roses")[0]);
/// File.WriteAllBytes("input.png", TrainingAugmentations.None.Preview([photo], preprocessing, epochs: 1));
/// </code>
/// </example>
public sealed record ImagePreprocessing
{
    /// <summary>Far larger than any published normalization produces, and small enough for a network to compute with.</summary>
    private const float LargestInput = 1e6f;

    /// <summary>Four bytes per pixel must fit in one array.</summary>
    private const int LargestMaxPixels = 0x7FFFFFC7 / 4;

    /// <summary>Maximum side to which an image is resized before the crop; a larger one means damaged settings.</summary>
    private const int MaxResizedSide = 1 << 20;

    /// <summary>Height and width of the input of the network, in pixels. Default 224.</summary>
    public ImageDimensions Size { get; init; } = 224;

    /// <summary>
    /// Fraction of the resized image that the crop keeps, in (0, 1]. Default 0.9. <see cref="ImageResizing.Squash"/>
    /// ignores it.
    /// </summary>
    public double CropFraction { get; init; } = 0.9;

    /// <summary>
    /// How the aspect ratio of the image is adapted to that of the network's input. Default
    /// <see cref="ImageResizing.CenterCrop"/>.
    /// </summary>
    public ImageResizing Resizing { get; init; } = ImageResizing.CenterCrop;

    /// <summary>The kernel that resizes images. Default <see cref="ImageInterpolation.Bicubic"/>.</summary>
    public ImageInterpolation Interpolation { get; init; } = ImageInterpolation.Bicubic;

    /// <summary>Mean of each channel, on the scale [0, 1]. Default 0.5 for each.</summary>
    public ChannelValues Mean { get; init; } = new(0.5f, 0.5f, 0.5f);

    /// <summary>Standard deviation of each channel, on the scale [0, 1]. Default 0.5 for each.</summary>
    public ChannelValues StandardDeviation { get; init; } = new(0.5f, 0.5f, 0.5f);

    /// <summary>
    /// Maximum number of pixels that an image file may declare, from 1 to 536,870,897. A file that declares more is
    /// rejected before memory is allocated. Decoding needs up to four bytes per pixel, and for some files also the
    /// decoder's own buffers. Most PNG and JPEG files need far less, because they are decoded in bands of rows. Default
    /// 178,956,970, which is Pillow's limit.
    /// </summary>
    public int MaxPixels { get; init; } = ImageDecoding.DefaultMaxPixels;

    /// <summary>
    /// Whether a truncated file is accepted as a partial image, as with Pillow's <c>LOAD_TRUNCATED_IMAGES</c>. The
    /// missing part is mostly black or gray. Default false: a truncated file is an invalid image. A file whose header
    /// is incomplete is always rejected.
    /// </summary>
    public bool AllowTruncated { get; init; }

    /// <summary>
    /// Whether a large JPEG is decoded at 1/2, 1/4 or 1/8 of its sides, which is faster. This is done only if the
    /// decoded image still has at least twice the pixels of the resized image, including the crop. Default true. Set it
    /// to false to match Pillow byte for byte.
    /// </summary>
    /// <remarks>
    /// The result is nearly the same. For 200 photos enlarged to 12 megapixels, the features of a pretrained ViT-Ti
    /// have a cosine similarity to full decoding of 0.99994 on average, and of at least 0.9995.
    /// </remarks>
    public bool ScaledDecoding { get; init; } = true;

    /// <summary>
    /// Returns the preprocessing for an architecture at its <see cref="VisionTransformerArchitecture.ImageSize"/>. It
    /// has timm's settings for <see cref="VisionTransformerArchitecture.Name"/>, with the same crop fraction at any
    /// image size.
    /// </summary>
    /// <param name="architecture">The architecture of the network.</param>
    /// <returns>The settings.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="architecture"/> is null.</exception>
    /// <remarks>
    /// <para>
    /// For an unknown name, mean and standard deviation are 0.5, the kernel is bicubic, and the center crop is 0.9. For
    /// inputs of at least 384 pixels the crop is 1.
    /// </para>
    /// <para>
    /// A gray input has the average of the three means and of the three standard deviations. Channels after the third
    /// have these averages too.
    /// </para>
    /// <para>
    /// The name has no tag. Weights with another tag may need other settings, which are in their configuration file.
    /// </para>
    /// </remarks>
    public static ImagePreprocessing For(VisionTransformerArchitecture architecture) => For(Guard.NotNull(architecture), architecture.Name);

    /// <summary>As <see cref="For(VisionTransformerArchitecture)"/>, for a name that may have a tag.</summary>
    internal static ImagePreprocessing For(VisionTransformerArchitecture architecture, string name)
    {
        var size = architecture.ImageSize;
        var settings = PresetPreprocessing.Find(name) ?? new ImagePreprocessing { CropFraction = Math.Min(size.Height, size.Width) >= 384 ? 1 : 0.9 };
        return settings.WithChannels(architecture.Channels) with { Size = size };
    }

    /// <summary>The settings for another number of channels.</summary>
    internal ImagePreprocessing WithChannels(int channels) =>
        this with { Mean = Mean.ForChannels(channels), StandardDeviation = StandardDeviation.ForChannels(channels) };

    /// <summary>Checks that images can be prepared with these settings.</summary>
    /// <exception cref="ArgumentException">A value is not allowed; the message names it.</exception>
    internal void Check()
    {
        CheckSettings();
        if (Mean.Count is not (1 or 3))
            throw new ArgumentException($"Mean has {Mean.Count} values; images need three (red, green, blue), or one for a gray input.");
    }

    /// <summary>As <see cref="Check"/>, for a network with any number of channels.</summary>
    /// <exception cref="ArgumentException">A value is not allowed; the message names it.</exception>
    internal void CheckSettings()
    {
        Guard.InRange(Size.Height, 1, ArchitectureCheck.MostSide + 1, nameof(Size));
        Guard.InRange(Size.Width, 1, ArchitectureCheck.MostSide + 1, nameof(Size));
        Guard.Above(CropFraction, 0);
        if (Math.Max(Size.Height, Size.Width) / CropFraction > MaxResizedSide)
        {
            throw new ArgumentOutOfRangeException(
                nameof(CropFraction),
                CropFraction,
                $"CropFraction is too small for images of {Size}: they would be resized to more than {MaxResizedSide} pixels per side.");
        }

        if (CropFraction > 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(CropFraction), CropFraction, "CropFraction must be above 0 and at most 1; it is the fraction of the resized image that is kept.");
        }

        Guard.Defined(Resizing);
        Guard.Defined(Interpolation);
        Guard.InRange(MaxPixels, 1, LargestMaxPixels + 1);
        if (Guard.NotNull(Mean).Count == 0 || Guard.NotNull(StandardDeviation).Count != Mean.Count)
        {
            throw new ArgumentException(
                $"Mean has {Mean.Count} values and StandardDeviation {StandardDeviation.Count}; both need three (red, green, blue), or one for a gray input.");
        }

        foreach (float mean in Mean)
            Guard.InRange(mean, float.MinValue, float.PositiveInfinity, nameof(Mean));
        foreach (float deviation in StandardDeviation)
            Guard.Above(deviation, 0, nameof(StandardDeviation));
        for (int c = 0; c < Mean.Count; c++)
        {
            float largest = Math.Max(Math.Abs(Mean[c]), Math.Abs(1 - Mean[c])) / StandardDeviation[c];
            if (!(largest <= LargestInput))
            {
                throw new ArgumentOutOfRangeException(
                    nameof(StandardDeviation),
                    StandardDeviation[c],
                    $"Mean {Mean[c]} and StandardDeviation {StandardDeviation[c]} give pixel values of up to {largest}; the maximum is {LargestInput}.");
            }
        }
    }
}

/// <summary>How the aspect ratio of an image is adapted to that of the network's input.</summary>
/// <seealso cref="ImagePreprocessing"/>
public enum ImageResizing
{
    /// <summary>The shorter side is resized, and the center is kept (timm's <c>crop_mode='center'</c>).</summary>
    CenterCrop,

    /// <summary>Both sides are resized, so the aspect ratio changes (timm's <c>squash</c>).</summary>
    Squash,

    /// <summary>
    /// The longer side is resized, and the rest is filled with the mean color (timm's <c>border</c>).
    /// </summary>
    Pad,
}
