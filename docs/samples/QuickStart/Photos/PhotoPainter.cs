// Draws one photo: background, clutter, the motif near the center, objects in front of it, and grain.
using SkiaSharp;

namespace QuickStart.Photos;

/// <summary>
/// Size, position, rotation, colors, clutter and grain have the same distributions for every motif. Only its shape distinguishes the classes.
/// </summary>
internal static class PhotoPainter
{
    internal static SKBitmap Paint(Func<Random, SKPath> motif, Random random)
    {
        var photo = new SKBitmap(random.Next(90, 221), random.Next(90, 221), SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(photo);
        bool lightOnDark = random.Chance(0.5);
        float shorter = Math.Min(photo.Width, photo.Height);

        using (var paint = Gradient(photo, Palette.Draw(random, light: !lightOnDark), Palette.Draw(random, light: !lightOnDark), random))
            canvas.DrawPaint(paint);
        Clutter(canvas, photo, random.Next(3, 9), size: 0.6f * shorter, random);

        using (var paint = Gradient(photo, Palette.Draw(random, lightOnDark), Palette.Draw(random, lightOnDark), random))
        using (var path = motif(random))
        {
            path.Transform(Pose(photo, shorter, random));
            paint.MaskFilter = SKMaskFilter.CreateBlur(SKBlurStyle.Normal, random.Between(0.2f, 1.2f));
            canvas.DrawPath(path, paint);
        }

        Clutter(canvas, photo, random.Next(0, 4), size: 0.2f * shorter, random);
        Grain(canvas, random);
        return photo;
    }

    private static SKMatrix Pose(SKBitmap photo, float shorter, Random random)
    {
        float radius = shorter * random.Between(0.3f, 0.43f);
        return SKMatrix.CreateScale(radius, radius * random.Between(0.9f, 1))
            .PostConcat(SKMatrix.CreateRotation(random.Between(0, MathF.Tau)))
            .PostConcat(SKMatrix.CreateTranslation(
                photo.Width / 2f + shorter * random.Between(-0.1f, 0.1f),
                photo.Height / 2f + shorter * random.Between(-0.1f, 0.1f)));
    }

    /// <summary>Half-transparent spots, bars and lines, in any color and position.</summary>
    private static void Clutter(SKCanvas canvas, SKBitmap photo, int count, float size, Random random)
    {
        for (int i = 0; i < count; i++)
        {
            using var paint = new SKPaint { IsAntialias = true, Color = Palette.Draw(random, random.Chance(0.5)).WithAlpha((byte)random.Next(40, 120)) };
            float x = random.Between(0, photo.Width), y = random.Between(0, photo.Height);
            float width = size * random.Between(0.2f, 1), height = size * random.Between(0.05f, 0.6f);
            canvas.Save();
            canvas.RotateRadians(random.Between(0, MathF.Tau), x, y);
            if (random.Chance(0.5))
                canvas.DrawOval(x, y, width / 2, height / 2, paint);
            else
                canvas.DrawRect(x - width / 2, y - height / 2, width, height, paint);
            canvas.Restore();
        }
    }

    private static void Grain(SKCanvas canvas, Random random)
    {
        using var shader = SKShader.CreatePerlinNoiseFractalNoise(0.8f, 0.8f, numOctaves: 2, seed: random.Next(1, 10_000));
        using var paint = new SKPaint { Shader = shader, BlendMode = SKBlendMode.SoftLight, Color = SKColors.White.WithAlpha((byte)random.Next(60, 220)) };
        canvas.DrawPaint(paint);
    }

    /// <summary>Lighting that changes across the photo from one color to another.</summary>
    private static SKPaint Gradient(SKBitmap photo, SKColor from, SKColor to, Random random)
    {
        var (sine, cosine) = MathF.SinCos(random.Between(0, MathF.Tau));
        var middle = new SKPoint(photo.Width / 2f, photo.Height / 2f);
        var reach = new SKPoint(middle.X * cosine, middle.Y * sine);
        return new SKPaint { IsAntialias = true, Shader = SKShader.CreateLinearGradient(middle - reach, middle + reach, [from, to], SKShaderTileMode.Clamp) };
    }
}
