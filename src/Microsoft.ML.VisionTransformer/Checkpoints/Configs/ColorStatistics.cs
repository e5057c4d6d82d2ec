// Means and standard deviations of color channels under their common names.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <param name="Mean">Red, green, blue, on the scale [0, 1].</param>
/// <param name="StandardDeviation">Red, green, blue, on the scale [0, 1].</param>
internal sealed record ColorStatistics(ChannelValues Mean, ChannelValues StandardDeviation)
{
    /// <summary>Pixels from -1 to 1 (Hugging Face's <c>IMAGENET_STANDARD</c>; timm's <c>IMAGENET_INCEPTION</c>).</summary>
    internal static ColorStatistics Half { get; } = new(new(0.5f, 0.5f, 0.5f), new(0.5f, 0.5f, 0.5f));

    /// <summary>Of the ImageNet training images (both libraries' <c>IMAGENET_DEFAULT</c>).</summary>
    internal static ColorStatistics ImageNet { get; } = new(new(0.485f, 0.456f, 0.406f), new(0.229f, 0.224f, 0.225f));

    /// <summary>Of OpenAI's CLIP (both libraries' <c>OPENAI_CLIP</c>).</summary>
    internal static ColorStatistics Clip { get; } = new(new(0.48145466f, 0.4578275f, 0.40821073f), new(0.26862954f, 0.26130258f, 0.27577711f));
}
