// A report and a comparison about painted images, with scores like those of mediocre models.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Report;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Report;

internal static class PaintedReport
{
    private const int Side = 120;

    private static readonly string[] _shapes = ["cross", "disc", "ring", "square", "star"];

    /// <summary>Twelve epochs, five shapes, some mistakes, overlays, two skipped files.</summary>
    internal static ReportContent Make(int perClass = 40)
    {
        ReportEpoch[] epochs = [.. Enumerable.Range(1, 12).Select(Epoch)];
        return new ReportContent
        {
            Title = "Shapes, fine-tuned",
            Written = new DateTimeOffset(2026, 3, 14, 15, 9, 0, TimeSpan.Zero),
            ClassNames = _shapes,
            Model =
            [
                new("Architecture", "vit_tiny_patch16_224, 48 × 48 pixels, 7 × 7 patches"),
                new("Parameters", "412,997"),
                new("File", "shapes.zip (1.7 MB)"),
            ],
            Epochs = epochs,
            BestEpoch = epochs.MaxBy(epoch => epoch.ValidationAccuracy)!.Epoch,
            Options = [new("Strategy", "FineTune"), new("Epochs", "12"), new("Batch size", "32"), new("Learning rate", "0.0005"), new("Seed", "1")],
            Strategy = TrainingStrategy.FineTune,
            Augmentation = TrainingAugmentations.Light,
            LabelSmoothing = 0.1,
            TrainingImages = 1598,
            ValidationImages = 200,
            ProbeAccuracy = 0.884,
            LearningCurve = [new(256, 0.702), new(511, 0.791), new(767, 0.838), new(1023, 0.866), new(1278, 0.884)],
            Run = [new("Training time", "3 min 20 s"), new("Device", "cpu"), new("Seed", "1"), new("Microsoft.ML.VisionTransformer", "0.1.0")],
            Command = "mlnet-vit train --data shapes --out shapes.zip --pretrained 'my nets/vit-tiny' --strategy fine-tune --epochs 12 --seed 1",
            Splits =
            [
                new("training", [320, 320, 320, 320, 318]),
                new("validation", [40, 40, 40, 40, 40]),
                new("test", [perClass, perClass, perClass, perClass, perClass]),
            ],
            Skipped =
            [
                new("star/0117.png", "is a PNG image that ends before the last pixel (an interrupted download or copy?)"),
                new("star/notes.txt", "cannot be read as an image: it begins with text"),
            ],
            Rows = Rows(perClass),
            Overlay = (row, _) => Painted(row, map: true),
        };
    }

    private static ReportEpoch Epoch(int number)
    {
        double done = 1 - Math.Exp(-number / 3.5), wiggle = 0.02 * Math.Sin(number * 2.1);
        return new ReportEpoch
        {
            Epoch = number,
            TrainingLoss = 1.72 - 0.95 * done,
            TrainingAccuracy = 0.22 + 0.62 * done,
            ValidationLoss = 1.55 - 1.22 * done + wiggle + 0.006 * Math.Max(0, number - 9),
            ValidationAccuracy = 0.28 + 0.66 * done - wiggle,
            LearningRate = 5e-4 * 0.5 * (1 + Math.Cos(Math.PI * (number - 1) / 12)),
        };
    }

    private static ScoredRow[] Rows(int perClass)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, perClass * _shapes.Length).Select(i => Row(i, random))];
    }

    /// <summary>Softmax of noise plus a bonus for the true class; rings are often predicted as discs.</summary>
    private static ScoredRow Row(int i, Random random)
    {
        int label = i % _shapes.Length;
        double[] logits = [.. _shapes.Select((_, c) => Noise() + (c == label ? 2.6 * random.NextDouble() + 1 : 0))];
        if (label == 2)
            logits[1] += 1.6;
        double sum = logits.Sum(l => Math.Exp(2 * l));
        var row = new ScoredRow
        {
            Name = $"test/{_shapes[label]}/{i:0000}.png",
            Label = label,
            Probabilities = [.. logits.Select(l => (float)(Math.Exp(2 * l) / sum))],
        };
        return row with { Content = Painted(row, map: false) };

        double Noise() => 1.3 * random.NextDouble() + 1.5 * random.NextDouble() * random.NextDouble();
    }

    private static byte[] Painted(ScoredRow row, bool map)
    {
        int number = int.Parse(row.Name.AsSpan(row.Name.Length - 8, 4), System.Globalization.CultureInfo.InvariantCulture);
        var random = new Random(number);
        using var surface = SKSurface.Create(new SKImageInfo(map ? Side : Side * 4 / 3, Side));
        var ground = SKColor.FromHsv(random.Next(360), 25, 55 + random.Next(35));
        surface.Canvas.Clear(map ? new SKColor(40, 32, 48) : ground);
        if (!map)
            surface.Canvas.Translate(Side / 6f, 0);
        float x = Side * (0.4f + 0.2f * random.NextSingle()), y = Side * (0.4f + 0.2f * random.NextSingle());
        float size = Side * (0.2f + 0.12f * random.NextSingle());
        using var paint = new SKPaint { IsAntialias = true, Color = map ? new SKColor(130, 120, 125) : SKColor.FromHsv(random.Next(360), 75, 85) };
        DrawShape(surface.Canvas, paint, row.Label, x, y, size);
        if (map)
        {
            SKColor[] colors = [new(255, 245, 180, 220), new(230, 100, 60, 150), SKColors.Transparent];
            paint.Shader = SKShader.CreateRadialGradient(new SKPoint(x + size / 2, y), size * 1.3f, colors, SKShaderTileMode.Clamp);
            surface.Canvas.DrawRect(0, 0, Side, Side, paint);
        }

        using var image = surface.Snapshot();
        using var png = image.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }

    private static void DrawShape(SKCanvas canvas, SKPaint paint, int shape, float x, float y, float size)
    {
        switch (shape)
        {
            case 0:
                canvas.DrawRect(SKRect.Create(x - size, y - size / 4, 2 * size, size / 2), paint);
                canvas.DrawRect(SKRect.Create(x - size / 4, y - size, size / 2, 2 * size), paint);
                break;
            case 3:
                canvas.DrawRect(SKRect.Create(x - size, y - size, 2 * size, 2 * size), paint);
                break;
            case 4:
                using (var path = new SKPath())
                {
                    path.AddPoly([.. Enumerable.Range(0, 10).Select(Corner)]);
                    canvas.DrawPath(path, paint);
                }

                break;
            default:
                paint.Style = shape == 2 ? SKPaintStyle.Stroke : SKPaintStyle.Fill;
                paint.StrokeWidth = size / 3;
                canvas.DrawCircle(x, y, size, paint);
                paint.Style = SKPaintStyle.Fill;
                break;
        }

        SKPoint Corner(int i)
        {
            float radius = i % 2 == 0 ? size : 0.45f * size;
            return new SKPoint(x + radius * MathF.Sin(i * MathF.PI / 5), y - radius * MathF.Cos(i * MathF.PI / 5));
        }
    }
}

/// <summary>Three made-up models on the painted images.</summary>
internal static class PaintedComparison
{
    internal static ModelComparison Make()
    {
        var painted = PaintedReport.Make(perClass: 20);
        return new ModelComparison(painted.ClassNames, [Model("base.zip", 1, 42.5), Model("small.zip", 5, 97), Model("tiny.zip", 9, 204.2)], painted.Skipped, SpeedImages: 64);

        ComparedModel Model(string name, int noise, double speed) => new()
        {
            Name = name,
            Network = "vit_tiny_patch16_224, 48x48 pixels",
            Parameters = 412_997,
            Bytes = 1_700_000,
            Speeds = [speed, 1.1 * speed, 0.8 * speed],
            Evaluation = EvaluationResult.Of([.. painted.Rows.Select((row, i) => row with { Probabilities = Changed(row.Probabilities, noise, i) })], painted.ClassNames.Count)!,
        };
    }

    /// <summary>Probabilities in which some rows prefer the next class.</summary>
    private static float[] Changed(float[] probabilities, int noise, int row) =>
        row % (17 - noise) == 0 ? [.. probabilities.Select((_, i) => probabilities[(i + 1) % probabilities.Length])] : probabilities;
}
