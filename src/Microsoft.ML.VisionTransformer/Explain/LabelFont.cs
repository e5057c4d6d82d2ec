// The text in pictures: a font that this computer has, names that are too long, characters that no font has.
using System.Globalization;
using System.Text;
using Microsoft.ML.VisionTransformer.Common;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Explain;

/// <summary>
/// Draws single lines of text in fonts of the computer. Typefaces belong to SkiaSharp's font manager, which gives all callers the same objects; they are
/// never disposed here, because another thread may be drawing with them.
/// </summary>
internal sealed class LabelFont
{
    private const string Ellipsis = "...";

    /// <summary>Plain fonts of Linux, Windows and macOS. The first font of a computer may be one for formulas.</summary>
    private static readonly string[] _preferred = ["DejaVu Sans", "Liberation Sans", "Noto Sans", "Segoe UI", "Arial", "Helvetica Neue", "Helvetica"];

    private readonly SKTypeface _first;
    private readonly Func<IEnumerable<SKTypeface>> _others;

    private LabelFont(SKTypeface first, Func<IEnumerable<SKTypeface>> others) => (_first, _others) = (first, others);

    /// <summary>A font of this computer; null if it has none.</summary>
    internal static LabelFont? Find() => Find(Typefaces);

    /// <summary>The first of these typefaces that has letters, and the others for characters that it lacks; null if none has letters.</summary>
    internal static LabelFont? Find(Func<IEnumerable<SKTypeface>> typefaces) =>
        typefaces().FirstOrDefault(typeface => typeface.ContainsGlyphs("Ag0")) is { } first ? new LabelFont(first, typefaces) : null;

    /// <summary>Draws a line of at most <paramref name="width"/> pixels; a longer one is cut and ends in an ellipsis.</summary>
    /// <param name="canvas">Where to draw.</param>
    /// <param name="text">The text; invisible characters are replaced.</param>
    /// <param name="x">Left end of the line; with <see cref="SKTextAlign.Right"/> its right end.</param>
    /// <param name="y">The baseline.</param>
    /// <param name="width">Maximum width.</param>
    /// <param name="style">Size and color.</param>
    /// <param name="end">What follows the text even if that is cut.</param>
    /// <param name="align">Left, center or right of <paramref name="x"/>.</param>
    internal void Draw(SKCanvas canvas, string text, float x, float y, float width, TextStyle style, string end = "", SKTextAlign align = SKTextAlign.Left)
    {
        text = MessageText.Of(text);
        var typeface = TypefaceFor(text);
        using var paint = new SKPaint { Typeface = typeface, TextSize = style.Size, Color = style.Color, IsAntialias = true, TextAlign = align };
        canvas.DrawText(Fit(Drawable(text, typeface), end, width, paint.MeasureText), x, y, paint);
    }

    /// <summary>The text and its end if they are at most <paramref name="width"/> wide; otherwise as much of the text as fits, an ellipsis and the end.</summary>
    internal static string Fit(string text, string end, float width, Func<string, float> measure)
    {
        if (measure(text + end) <= width)
            return text + end;
        var elements = new StringInfo(text);
        for (int kept = elements.LengthInTextElements - 1; kept > 0; kept--)
        {
            string cut = elements.SubstringByTextElements(0, kept).TrimEnd() + Ellipsis + end;
            if (measure(cut) <= width)
                return cut;
        }

        return end.TrimStart();
    }

    private SKTypeface TypefaceFor(string text) =>
        _first.ContainsGlyphs(text) ? _first : _others().FirstOrDefault(typeface => typeface.ContainsGlyphs(text)) ?? _first;

    /// <summary>The text with a question mark for each character that the typeface lacks.</summary>
    private static string Drawable(string text, SKTypeface typeface)
    {
        if (typeface.ContainsGlyphs(text))
            return text;
        var drawable = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
            drawable.Append(typeface.ContainsGlyph(rune.Value) ? rune.ToString() : "?");
        return drawable.ToString();
    }

    private static IEnumerable<SKTypeface> Typefaces()
    {
        var fonts = SKFontManager.Default;
        var families = fonts.FontFamilies.ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (string family in _preferred.Where(families.Contains).Concat(families))
        {
            if (fonts.MatchFamily(family) is { } typeface)
                yield return typeface;
        }
    }
}

/// <summary>Size in pixels and color of a text.</summary>
internal readonly record struct TextStyle(float Size, SKColor Color);
