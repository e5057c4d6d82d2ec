// Resizes pictures with antialiasing, to the same bytes as Pillow.
using System.Buffers;
using System.Numerics;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>
/// Separable resampling in whole numbers: a pass over columns, then one over rows, each rounded to 8 bits by clamp((sum + 2^21) >> 22).
/// Tested against timm on Pillow 9.4: no byte differs.
/// </summary>
internal static class ImageResampler
{
    private const int Half = 1 << (ResamplingWeights.FractionBits - 1);

    /// <summary>The whole picture at another size.</summary>
    internal static RgbImage Resize(RgbImage source, int width, int height, ImageInterpolation kernel) =>
        Resize(source, source.Area, ResizedSide.Whole(width), ResizedSide.Whole(height), kernel);

    /// <summary>
    /// A part of a picture, cut out first and then resized, so that no pixel outside counts; of the result only the wanted window is
    /// computed and returned: [rows.Count, columns.Count, 3].
    /// </summary>
    internal static RgbImage Resize(RgbImage source, PixelArea area, ResizedSide columns, ResizedSide rows, ImageInterpolation kernel)
    {
        var horizontal = new ResamplingWeights(area.Width, columns, kernel);
        var vertical = new ResamplingWeights(area.Height, rows, kernel);
        int stride = columns.Count * RgbImage.Channels, height = vertical.EndPixel - vertical.FirstPixel;
        byte[] between = ArrayPool<byte>.Shared.Rent(checked(stride * height));
        var row = ArrayPool<Vector128<int>>.Shared.Rent(area.Width);
        try
        {
            for (int y = 0; y < height; y++)
            {
                var line = source.Row(area.Top + vertical.FirstPixel + y).Slice(area.Left * RgbImage.Channels, area.Width * RgbImage.Channels);
                var target = between.AsSpan(y * stride, stride);
                if (columns.Size == area.Width)
                    line.Slice((int)columns.Start * RgbImage.Channels, stride).CopyTo(target);
                else
                    ResizeRow(line, row, target, horizontal);
            }

            var result = new RgbImage(columns.Count, rows.Count);
            for (int y = 0; y < rows.Count; y++)
                MixRows(between.AsSpan((vertical.First(y) - vertical.FirstPixel) * stride), vertical.Of(y), result.Row(y));
            return result;
        }
        finally
        {
            ArrayPool<Vector128<int>>.Shared.Return(row);
            ArrayPool<byte>.Shared.Return(between);
        }
    }

    /// <summary>One row through the column weights. Pixels are widened once, to one vector each, since several outputs use each.</summary>
    private static void ResizeRow(ReadOnlySpan<byte> source, Span<Vector128<int>> wide, Span<byte> target, ResamplingWeights weights)
    {
        int at = weights.FirstPixel * RgbImage.Channels;
        foreach (ref var pixel in wide[weights.FirstPixel..weights.EndPixel])
        {
            pixel = Vector128.Create(source[at], source[at + 1], source[at + 2], 0);
            at += RgbImage.Channels;
        }

        at = 0;
        for (int x = 0; at < target.Length; x++, at += RgbImage.Channels)
        {
            var taps = weights.Of(x);
            var pixels = wide.Slice(weights.First(x), taps.Length);
            var sum = Vector128.Create(Half);
            for (int i = 0; i < pixels.Length; i++)
                sum += pixels[i] * taps[i];
            sum = Vector128.Min(Vector128.Max(sum >> ResamplingWeights.FractionBits, Vector128<int>.Zero), Vector128.Create(255));
            target[at] = (byte)sum.GetElement(0);
            target[at + 1] = (byte)sum.GetElement(1);
            target[at + 2] = (byte)sum.GetElement(2);
        }
    }

    /// <summary>The weighted sum of as many rows as there are weights; the rows follow each other in <paramref name="rows"/>.</summary>
    private static void MixRows(ReadOnlySpan<byte> rows, ReadOnlySpan<int> weights, Span<byte> target)
    {
        int x = 0;
        for (; x <= target.Length - Vector<byte>.Count; x += Vector<byte>.Count)
            MixBlock(rows[x..], target.Length, weights).CopyTo(target[x..]);
        for (; x < target.Length; x++)
        {
            int sum = Half;
            for (int i = 0; i < weights.Length; i++)
                sum += rows[i * target.Length + x] * weights[i];
            target[x] = (byte)Math.Clamp(sum >> ResamplingWeights.FractionBits, 0, 255);
        }
    }

    private static Vector<byte> MixBlock(ReadOnlySpan<byte> rows, int stride, ReadOnlySpan<int> weights)
    {
        Vector<int> a = new(Half), b = a, c = a, d = a;
        for (int i = 0; i < weights.Length; i++)
        {
            Vector.Widen(new Vector<byte>(rows[(i * stride)..]), out var low, out var high);
            Vector.Widen(low, out var first, out var second);
            Vector.Widen(high, out var third, out var fourth);
            a += Vector.AsVectorInt32(first) * weights[i];
            b += Vector.AsVectorInt32(second) * weights[i];
            c += Vector.AsVectorInt32(third) * weights[i];
            d += Vector.AsVectorInt32(fourth) * weights[i];
        }

        return Vector.Narrow(Vector.Narrow(ToByteRange(a), ToByteRange(b)), Vector.Narrow(ToByteRange(c), ToByteRange(d)));
    }

    private static Vector<uint> ToByteRange(Vector<int> sums) => Vector.AsVectorUInt32(
        Vector.Min(Vector.Max(Vector.ShiftRightArithmetic(sums, ResamplingWeights.FractionBits), Vector<int>.Zero), new Vector<int>(255)));
}
