// The picture that explains one photo: the original, the overlay, the class with its probability, and the color scale.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Explain;

/// <summary>
/// The original at the left, the overlay at the right, on white. The line below has the class under the original and the color scale under the overlay; a
/// second line says what a faded part is, if there is one.
/// </summary>
internal static class SideBySide
{
    internal const int Margin = 12, Gap = 12;

    /// <summary>Minimum width of each half: a tall, narrow photo still has room for the text.</summary>
    internal const int MinHalf = 240;

    private const int LineHeight = 34, NoteHeight = 20;

    private static readonly TextStyle _caption = new(20, new SKColor(30, 30, 30)), _note = new(13, new SKColor(90, 90, 90));

    /// <summary>The contents of a PNG file; without text if there is no font.</summary>
    internal static byte[] Draw(ShownPhoto photo, RgbImage overlay, AttentionExplanation explanation, bool isCropped, LabelFont? font)
    {
        int half = Math.Max(MinHalf, overlay.Width), below = Margin + overlay.Height;
        int right = Margin + half + Gap;
        int height = below + LineHeight + (isCropped && font is not null ? NoteHeight : 0) + Margin;
        return Picture.Png(right + half + Margin, height, canvas =>
        {
            Picture.Place(canvas, photo.Image, SKRect.Create(Margin, Margin, overlay.Width, overlay.Height));
            Picture.Place(canvas, overlay, SKRect.Create(right, Margin, overlay.Width, overlay.Height));
            font?.Draw(canvas, explanation.ClassName, Margin, below + 27, half, _caption, " " + Percent(explanation.Probability));
            var (least, most) = Range(explanation.Map.Span);
            ColorScaleBar.Draw(canvas, SKRect.Create(right, below + 13, half, 16), font, $"less {Number(least < most / 100 ? 0 : least)}", $"{Number(most)} more");
            if (isCropped)
                font?.Draw(canvas, "Faded: cropped away, not seen", right, below + LineHeight + 14, half, _note);
        });
    }

    internal static string Percent(float probability) => string.Create(CultureInfo.InvariantCulture, $"{100 * probability:0.0}%");

    private static string Number(float value) => value.ToString("G2", CultureInfo.InvariantCulture);

    private static (float Least, float Most) Range(ReadOnlySpan<float> map)
    {
        float least = float.PositiveInfinity, most = float.NegativeInfinity;
        foreach (float value in map)
            (least, most) = (Math.Min(least, value), Math.Max(most, value));
        return (least, most);
    }
}

/// <summary>The colors of the overlay from the smallest value at the left to the largest at the right, with a label at each end.</summary>
internal static class ColorScaleBar
{
    private const int LabelWidth = 86;

    private static readonly TextStyle _label = new(13, new SKColor(60, 60, 60));

    /// <param name="canvas">Where to draw.</param>
    /// <param name="area">The place of the bar and its labels.</param>
    /// <param name="font">The font; null to leave the labels out.</param>
    /// <param name="least">Label of the smallest value.</param>
    /// <param name="most">Label of the largest value.</param>
    internal static void Draw(SKCanvas canvas, SKRect area, LabelFont? font, string least, string most)
    {
        var bar = font is null ? area : SKRect.Create(area.Left + LabelWidth, area.Top, area.Width - 2 * LabelWidth, area.Height);
        for (int x = 0; x < bar.Width; x++)
        {
            var (red, green, blue) = ColorScale.Of(x / Math.Max(1, bar.Width - 1));
            using var paint = new SKPaint { Color = new SKColor((byte)MathF.Round(red), (byte)MathF.Round(green), (byte)MathF.Round(blue)) };
            canvas.DrawRect(bar.Left + x, bar.Top, 1, bar.Height, paint);
        }

        float baseline = area.Bottom - 3;
        font?.Draw(canvas, least, bar.Left - 6, baseline, LabelWidth - 6, _label, align: SKTextAlign.Right);
        font?.Draw(canvas, most, bar.Right + 6, baseline, LabelWidth - 6, _label);
    }
}

/// <summary>Draws on a white page.</summary>
internal static class Picture
{
    /// <summary>The contents of a PNG file of that size.</summary>
    internal static byte[] Png(int width, int height, Action<SKCanvas> draw)
    {
        using var surface = SKSurface.Create(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque))
            ?? throw new InsufficientMemoryException(string.Create(CultureInfo.InvariantCulture, $"There is not enough memory for a picture of {width} x {height} pixels."));
        surface.Canvas.Clear(SKColors.White);
        draw(surface.Canvas);
        using var image = surface.Snapshot();
        using var png = image.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }

    /// <summary>Draws an image into a rectangle, resized if it has another size.</summary>
    internal static void Place(SKCanvas canvas, RgbImage source, SKRect place)
    {
        using var image = source.ToSKImage();
        Place(canvas, image, place);
    }

    /// <inheritdoc cref="Place(SKCanvas, RgbImage, SKRect)"/>
    internal static void Place(SKCanvas canvas, SKImage image, SKRect place)
    {
        using var paint = new SKPaint { FilterQuality = SKFilterQuality.Medium };
        canvas.DrawImage(image, place, paint);
    }
}
