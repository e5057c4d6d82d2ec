// Strips of images, one below the other.
using SkiaSharp;

namespace AugmentationSheet;

internal sealed class Sheet
{
    private const int Gap = 2;

    private readonly List<SKBitmap> _strips = [];

    internal int Rows => _strips.Count;

    /// <summary>Adds the first row of a preview; what is below it is left out.</summary>
    internal void Add(byte[] preview, int rowHeight)
    {
        using var all = SKBitmap.Decode(preview);
        var strip = new SKBitmap(all.Width, rowHeight);
        all.ExtractSubset(strip, SKRectI.Create(all.Width, rowHeight));
        _strips.Add(strip);
    }

    internal byte[] ToPng()
    {
        using var sheet = new SKBitmap(_strips.Max(s => s.Width), _strips.Sum(s => s.Height + Gap) - Gap, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(sheet);
        canvas.Clear(SKColors.Black);
        int top = 0;
        foreach (var strip in _strips)
        {
            canvas.DrawBitmap(strip, 0, top);
            top += strip.Height + Gap;
            strip.Dispose();
        }

        canvas.Flush();
        using var png = sheet.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }
}
