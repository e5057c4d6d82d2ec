// Camera-sized photos: the photos of a folder enlarged to 12 megapixels and encoded again.
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class CameraPhotos
{
    /// <summary>Longer side of 4:3 images of 12 megapixels.</summary>
    private const double LongerSide = 4000;

    private const int Quality = 90;

    /// <summary>The photo enlarged, a JPEG of quality 90 with subsampled chroma, as phones write them.</summary>
    /// <param name="encoded">The photo.</param>
    /// <param name="noise">Standard deviation of gray noise on the enlarged pixels, in levels of 255: enlarging alone produces no pixel-level detail.</param>
    /// <param name="seed">Seed of the noise.</param>
    internal static byte[] Enlarge(byte[] encoded, double noise, int seed)
    {
        using var photo = SKBitmap.Decode(encoded);
        double factor = LongerSide / Math.Max(photo.Width, photo.Height);
        using var large = photo.Resize(new SKImageInfo((int)Math.Round(photo.Width * factor), (int)Math.Round(photo.Height * factor)), SKFilterQuality.High);
        if (noise > 0)
            AddNoise(large.GetPixelSpan(), noise, new Random(seed));
        using var data = large.Encode(SKEncodedImageFormat.Jpeg, Quality);
        return data.ToArray();
    }

    private static unsafe void AddNoise(ReadOnlySpan<byte> pixels, double deviation, Random random)
    {
        // The sum of four uniform values approximates a Gaussian one.
        double unit = deviation / Math.Sqrt(4 / 12.0);
        fixed (byte* first = pixels)
        {
            for (int at = 0; at + 3 < pixels.Length; at += 4)
            {
                int grain = (int)Math.Round((random.NextSingle() + random.NextSingle() + random.NextSingle() + random.NextSingle() - 2) * unit);
                for (int c = 0; c < 3; c++)
                    first[at + c] = (byte)Math.Clamp(first[at + c] + grain, 0, 255);
            }
        }
    }
}
