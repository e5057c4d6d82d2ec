// A contact sheet: the overlays of many photos in one picture.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Explain;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// A contact sheet of explanations: small overlays of up to 200 photos in rows, in the order in which you add them.
/// Each overlay has its class, probability and name below it, and the color scale is at the bottom. Every map is scaled
/// to its own smallest and largest value, so compare colors within a photo, not between photos. Only the small overlays
/// stay in memory. The class is not thread-safe.
/// </summary>
/// <example>
/// <code>
/// using Microsoft.ML;
/// using Microsoft.ML.VisionTransformer;
///
/// using var model = new MLContext().Model.LoadVisionTransformer(
///     "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", "ImagePath");
///
/// var sheet = new ExplanationSheet();
/// foreach (string photo in Directory.EnumerateFiles("flowers/roses").Order().Take(6))
///     sheet.Add(model.Explain(photo), Path.GetFileName(photo));
/// sheet.Save("roses.png");
/// Console.WriteLine($"{sheet.Count} photos in roses.png");
/// </code>
/// </example>
public sealed class ExplanationSheet
{
    /// <summary>Maximum number of photos on a sheet.</summary>
    public const int MaxPhotos = 200;

    /// <summary>Longest side of an overlay in pixels.</summary>
    private const int Side = 160;

    private const int Gap = 12, ClassLine = 18, NameLine = 16, ScaleHeight = 16, MaxColumns = 10;

    private static readonly TextStyle _class = new(14, new SKColor(30, 30, 30)), _name = new(12, new SKColor(90, 90, 90));

    private readonly List<Cell> _cells = [];

    /// <summary>Number of photos on the sheet.</summary>
    public int Count => _cells.Count;

    /// <summary>Adds the overlay of one photo.</summary>
    /// <param name="explanation">The explanation of the photo.</param>
    /// <param name="name">
    /// The name below the overlay, such as a file name. A long name is cut off. It may be empty.
    /// </param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// The sheet already has <see cref="MaxPhotos"/> photos, or <see cref="ExplanationOptions.PhotoSize"/> was 0.
    /// </exception>
    public void Add(AttentionExplanation explanation, string name)
    {
        Guard.NotNull(explanation);
        Guard.NotNull(name);
        if (_cells.Count == MaxPhotos)
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"The sheet has {MaxPhotos} photos, its maximum. Save it and begin another one."));
        var overlay = explanation.PhotoOverlay();
        float scale = (float)Side / Math.Max(overlay.Width, overlay.Height);
        int width = Math.Max(1, (int)MathF.Round(overlay.Width * scale)), height = Math.Max(1, (int)MathF.Round(overlay.Height * scale));
        byte[] png = Picture.Png(width, height, canvas => Picture.Place(canvas, overlay, SKRect.Create(width, height)));
        _cells.Add(new Cell(png, width, height, explanation.ClassName, explanation.Probability, name));
    }

    /// <summary>Draws the sheet. If <see cref="AttentionExplanation.CanDrawText"/> is false, it has no text.</summary>
    /// <returns>The contents of a PNG file.</returns>
    /// <exception cref="InvalidOperationException">The sheet is empty.</exception>
    public byte[] ToPng() => ToPng(LabelFont.Find());

    /// <summary>
    /// Writes <see cref="ToPng()"/> to a file. An existing file is replaced only when the new one is complete.
    /// </summary>
    /// <param name="path">The file to write.</param>
    /// <exception cref="ArgumentException">The path is empty or blank.</exception>
    /// <exception cref="InvalidOperationException">The sheet is empty.</exception>
    /// <exception cref="IOException">The file cannot be written; an existing file is unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    public void Save(string path)
    {
        Guard.NotBlank(path);
        byte[] png = ToPng();
        AtomicFile.Write(path, stream => stream.Write(png));
    }

    internal byte[] ToPng(LabelFont? font)
    {
        if (_cells.Count == 0)
            throw new InvalidOperationException("The sheet is empty. Add an explanation first.");
        int columns = Math.Min(MaxColumns, (int)Math.Ceiling(Math.Sqrt(_cells.Count)));
        int rows = (_cells.Count + columns - 1) / columns;
        int lines = font is null ? 0 : ClassLine + NameLine;
        int width = Gap + columns * (Side + Gap), bottom = Gap + rows * (Side + lines + Gap);
        return Picture.Png(width, bottom + ScaleHeight + Gap, canvas =>
        {
            for (int i = 0; i < _cells.Count; i++)
                Draw(canvas, _cells[i], font, Gap + i % columns * (Side + Gap), Gap + i / columns * (Side + lines + Gap));
            float scaleWidth = Math.Min(width - 2 * Gap, 2 * (Side + Gap) + Side);
            ColorScaleBar.Draw(canvas, SKRect.Create(Gap, bottom, scaleWidth, ScaleHeight), font, "less", "more");
        });
    }

    /// <summary>The overlay is directly above the text, so that the names of a row are on one line.</summary>
    private static void Draw(SKCanvas canvas, Cell cell, LabelFont? font, int left, int top)
    {
        using var image = SKImage.FromEncodedData(cell.Png);
        Picture.Place(canvas, image, SKRect.Create(left + (Side - cell.Width) / 2, top + Side - cell.Height, cell.Width, cell.Height));
        font?.Draw(canvas, cell.ClassName, left, top + Side + ClassLine - 3, Side, _class, " " + SideBySide.Percent(cell.Probability));
        font?.Draw(canvas, cell.Name, left, top + Side + ClassLine + NameLine - 4, Side, _name);
    }

    private sealed record Cell(byte[] Png, int Width, int Height, string ClassName, float Probability, string Name);
}
