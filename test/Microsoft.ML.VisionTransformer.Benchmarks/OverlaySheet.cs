// Draws photos and their attention maps by both methods.
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>One row per photo, at its own aspect ratio: the photo, the gradient-weighted map, rollout. A path that ends in .jpg gives a JPEG file.</summary>
internal static class OverlaySheet
{
    private const int Side = 224, Gap = 4;

    internal static void Draw(string zip, string sheet, string[] images)
    {
        using var model = (IDisposable)new MLContext().Model.Load(zip, out _);
        var classifier = ((IEnumerable<ITransformer>)model).OfType<VisionTransformerPredictionTransformer>().Single();
        List<SKBitmap[]> rows = [.. images.Select(image => Row(classifier, image))];
        using var bitmap = new SKBitmap(3 * (Side + Gap) - Gap, rows.Sum(row => row[0].Height + Gap) - Gap, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.White);
        int top = 0;
        foreach (var row in rows)
        {
            for (int column = 0; column < row.Length; column++)
                canvas.DrawBitmap(row[column], column * (Side + Gap), top);
            top += row[0].Height + Gap;
            foreach (var image in row)
                image.Dispose();
        }

        canvas.Flush();
        using var file = File.Create(sheet);
        bitmap.Encode(file, sheet.EndsWith(".jpg", StringComparison.OrdinalIgnoreCase) ? SKEncodedImageFormat.Jpeg : SKEncodedImageFormat.Png, 88);
    }

    private static SKBitmap[] Row(VisionTransformerPredictionTransformer model, string image)
    {
        var overlays = new List<SKBitmap>();
        foreach (var method in Enum.GetValues<ExplanationMethod>())
        {
            var found = model.Explain(image, new ExplanationOptions { Method = method, PhotoSize = Side });
            Console.WriteLine(FormattableString.Invariant($"{image}  {method}: {found.ClassName} {found.Probability:P0}"));
            overlays.Add(SKBitmap.Decode(found.PhotoOverlayPng()));
        }

        using var photo = SKBitmap.Decode(image);
        return [photo.Resize(overlays[0].Info, SKFilterQuality.High), .. overlays];
    }
}
