// A picture of many pixels that is a small file.
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.BrowserTests.Support;

internal static class LargePicture
{
    /// <summary>A PNG of that size, blue with a lighter circle.</summary>
    internal static byte[] Png(int width, int height)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using (var canvas = new SKCanvas(bitmap))
        using (var paint = new SKPaint { Color = new SKColor(120, 150, 230), IsAntialias = true })
        {
            canvas.Clear(new SKColor(40, 60, 200));
            canvas.DrawCircle(width / 2f, height / 2f, Math.Min(width, height) / 3f, paint);
        }

        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}
