// Creates small upright JPEG thumbnails of images.
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <summary>The whole image with its EXIF orientation applied, on a white background if it is transparent; never enlarged.</summary>
internal static class Thumbnail
{
    /// <summary>Longest side in pixels. Sharp on a screen with two device pixels per CSS pixel; about 10 kB.</summary>
    internal const int LargeSide = 240;

    /// <summary>Longest side in pixels where there are many; about 3 kB.</summary>
    internal const int SmallSide = 128;

    private const int Quality = 82;

    /// <summary>The thumbnail of a row; null if the row has no image, or the image can no longer be read.</summary>
    internal static byte[]? Read(ScoredRow row, int side = LargeSide)
    {
        try
        {
            byte[]? content = row.Content ?? (row.Path is { } path ? File.ReadAllBytes(path) : null);
            return content is null ? null : Jpeg(content, side);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Null if the bytes cannot be decoded as an image.</summary>
    internal static byte[]? Jpeg(byte[] encoded, int side = LargeSide)
    {
        using var data = SKData.CreateCopy(encoded);
        using var codec = SKCodec.Create(data);
        if (codec is null || codec.Info.Width <= 0 || codec.Info.Height <= 0)
            return null;
        var size = DecodedSize(codec, side);
        using var image = new SKBitmap();
        if (!image.TryAllocPixels(new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Premul)))
            return null;
        if (codec.GetPixels(image.Info, image.GetPixels()) is not (SKCodecResult.Success or SKCodecResult.IncompleteInput))
            return null;
        return Draw(image, codec.EncodedOrigin, side);
    }

    /// <summary>A JPEG is decoded at the smallest of eight scales that is large enough, which is many times faster than full size.</summary>
    private static SKSizeI DecodedSize(SKCodec codec, int side)
    {
        if (codec.EncodedFormat != SKEncodedImageFormat.Jpeg)
            return codec.Info.Size;
        var sizes = Enumerable.Range(1, 7).Select(eighths => codec.GetScaledDimensions(eighths / 8f));
        return sizes.FirstOrDefault(size => Math.Max(size.Width, size.Height) >= side, codec.Info.Size);
    }

    private static byte[] Draw(SKBitmap image, SKEncodedOrigin origin, int side)
    {
        float scale = Math.Min(1, side / (float)Math.Max(image.Width, image.Height));
        int width = Math.Max(1, (int)MathF.Round(image.Width * scale)), height = Math.Max(1, (int)MathF.Round(image.Height * scale));
        var orientation = Upright(origin, width, height);
        var bounds = orientation.MapRect(SKRect.Create(width, height));
        using var surface = SKSurface.Create(new SKImageInfo((int)bounds.Width, (int)bounds.Height, SKColorType.Rgba8888, SKAlphaType.Premul));
        using var paint = new SKPaint { FilterQuality = SKFilterQuality.Medium };
        surface.Canvas.Clear(SKColors.White);
        surface.Canvas.SetMatrix(orientation);
        surface.Canvas.DrawBitmap(image, SKRect.Create(width, height), paint);
        using var drawn = surface.Snapshot();
        using var jpeg = drawn.Encode(SKEncodedImageFormat.Jpeg, Quality);
        return jpeg.ToArray();
    }

    /// <summary>Stored coordinates to upright ones (EXIF tag 0x0112), for a stored image of that size.</summary>
    private static SKMatrix Upright(SKEncodedOrigin origin, int width, int height) => origin switch
    {
        SKEncodedOrigin.TopRight => new SKMatrix(-1, 0, width, 0, 1, 0, 0, 0, 1),
        SKEncodedOrigin.BottomRight => new SKMatrix(-1, 0, width, 0, -1, height, 0, 0, 1),
        SKEncodedOrigin.BottomLeft => new SKMatrix(1, 0, 0, 0, -1, height, 0, 0, 1),
        SKEncodedOrigin.LeftTop => new SKMatrix(0, 1, 0, 1, 0, 0, 0, 0, 1),
        SKEncodedOrigin.RightTop => new SKMatrix(0, -1, height, 1, 0, 0, 0, 0, 1),
        SKEncodedOrigin.RightBottom => new SKMatrix(0, -1, height, -1, 0, width, 0, 0, 1),
        SKEncodedOrigin.LeftBottom => new SKMatrix(0, 1, 0, -1, 0, width, 0, 0, 1),
        _ => SKMatrix.Identity,
    };
}
