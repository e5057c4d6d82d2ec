// A drawn scene in which every change shows: an upright sign, straight edges, many colours, something dark and something light.
using SkiaSharp;

namespace AugmentationSheet;

internal static class GeneratedImage
{
    private const int Side = 192;

    /// <summary>A PNG file: a house with a sun in warm colours, or a boat with a moon in cold ones.</summary>
    internal static byte[] Draw(bool warm)
    {
        using var image = new SKBitmap(Side, Side, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(image);
        canvas.Clear(warm ? new SKColor(150, 200, 240) : new SKColor(20, 30, 80));
        Fill(canvas, warm ? new SKColor(90, 150, 70) : new SKColor(30, 90, 130), new SKPoint(0, 140), new(Side, 130), new(Side, Side), new(0, Side));
        using (var light = Paint(warm ? new SKColor(255, 220, 60) : new SKColor(235, 235, 220)))
            canvas.DrawCircle(40, 40, 22, light);
        if (warm)
            DrawHouse(canvas);
        else
            DrawBoat(canvas);
        canvas.Flush();
        using var png = image.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }

    private static void DrawHouse(SKCanvas canvas)
    {
        Fill(canvas, new SKColor(205, 190, 165), new SKPoint(70, 95), new(165, 95), new(165, 165), new(70, 165));
        Fill(canvas, new SKColor(170, 50, 40), new SKPoint(58, 97), new(117, 48), new(177, 97));
        Fill(canvas, new SKColor(60, 40, 30), new SKPoint(84, 120), new(106, 120), new(106, 165), new(84, 165));
        Fill(canvas, new SKColor(250, 245, 200), new SKPoint(124, 112), new(152, 112), new(152, 138), new(124, 138));
    }

    private static void DrawBoat(SKCanvas canvas)
    {
        Fill(canvas, new SKColor(120, 70, 140), new SKPoint(50, 140), new(160, 140), new(140, 168), new(70, 168));
        Fill(canvas, new SKColor(225, 230, 240), new SKPoint(104, 60), new(104, 134), new(150, 134));
        Fill(canvas, new SKColor(60, 190, 190), new SKPoint(98, 76), new(98, 134), new(66, 134));
    }

    private static void Fill(SKCanvas canvas, SKColor color, params SKPoint[] corners)
    {
        using var path = new SKPath();
        path.AddPoly(corners);
        using var paint = Paint(color);
        canvas.DrawPath(path, paint);
    }

    private static SKPaint Paint(SKColor color) => new() { Color = color, IsAntialias = true };
}
