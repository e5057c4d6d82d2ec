// Draws the figure of docs/explain.md: network inputs and their attention maps.
using Microsoft.ML.VisionTransformer.Images.Augmentation;
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Pixels;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

/// <summary>One row per image: the image, the gradient-weighted map, rollout; enlarged to at least 224 pixels.</summary>
internal static class OverlaySheet
{
    private const int Side = 224, Gap = 4;

    internal static void Draw(string zip, string sheet, string[] images)
    {
        using var model = (IDisposable)new MLContext().Model.Load(zip, out _);
        var classifier = ((IEnumerable<ITransformer>)model).OfType<VisionTransformerPredictionTransformer>().Single();
        using var bitmap = new SKBitmap(3 * (Side + Gap) - Gap, images.Length * (Side + Gap) - Gap, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.White);
        for (int row = 0; row < images.Length; row++)
        {
            Paste(canvas, Seen(classifier, images[row]), row, 0);
            foreach (var method in Enum.GetValues<ExplanationMethod>())
            {
                var found = classifier.Explain(images[row], new ExplanationOptions { Method = method });
                Paste(canvas, found.OverlayPng(), row, 1 + (int)method);
                Console.WriteLine(FormattableString.Invariant($"{images[row]}  {method}: {found.ClassName} {found.Probability:P0}"));
            }
        }

        canvas.Flush();
        using var file = File.Create(sheet);
        bitmap.Encode(file, SKEncodedImageFormat.Png, 100);
    }

    private static byte[] Seen(VisionTransformerPredictionTransformer model, string image)
    {
        var converter = new ImagePreprocessor(model.Preprocessing);
        float[] input = new float[converter.Length];
        converter.ForPrediction(ImageFile.Decode(image, image), input);
        return InputImage.Of(input, model.Preprocessing).ToPng();
    }

    private static void Paste(SKCanvas canvas, byte[] png, int row, int column)
    {
        using var image = SKBitmap.Decode(png);
        canvas.DrawBitmap(image, SKRect.Create(column * (Side + Gap), row * (Side + Gap), Side, Side));
    }
}
