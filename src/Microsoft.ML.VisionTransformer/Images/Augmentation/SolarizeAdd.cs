// Brightens the dark values of a picture and leaves the others.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class SolarizeAdd
{
    private const int Threshold = 128;

    /// <summary>Values below 128 become min(255, value + <paramref name="add"/>); timm's <c>solarize_add</c>.</summary>
    internal static RgbImage Of(RgbImage image, int add) => ByteTable.Apply(image, value => value < Threshold ? value + add : value);
}
