// Draws strips of images, one below the other.
using SkiaSharp;

namespace AugmentationSheet;

internal sealed class Sheet
{
    private const int Gap = 2, JpegQuality = 85;

    private readonly List<SKBitmap> _strips = [];

    internal int Rows => _strips.Count;

    /// <summary>Adds the first row of a preview and ignores the rows below it.</summary>
    internal void Add(byte[] preview, int rowHeight)
    {
        using var all = SKBitmap.Decode(preview);
        var strip = new SKBitmap(all.Width, rowHeight);
        all.ExtractSubset(strip, SKRectI.Create(all.Width, rowHeight));
        _strips.Add(strip);
    }

    /// <summary>Encodes the sheet for a file of that name: JPEG for .jpg and .jpeg, otherwise PNG.</summary>
    internal byte[] Encode(string path)
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
        bool isJpeg = Path.GetExtension(path).ToLowerInvariant() is ".jpg" or ".jpeg";
        using var encoded = sheet.Encode(isJpeg ? SKEncodedImageFormat.Jpeg : SKEncodedImageFormat.Png, JpegQuality);
        return encoded.ToArray();
    }
}
