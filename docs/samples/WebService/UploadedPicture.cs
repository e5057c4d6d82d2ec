// Looks at the header of an upload: a few kilobytes may declare more pixels than the machine has memory for.
using System.Globalization;
using SkiaSharp;

namespace WebService;

internal static class UploadedImage
{
    /// <summary>
    /// Refuses a picture that declares too many pixels. The library has a limit, too, the model's <c>ImagePreprocessing.MaxPixels</c>; it is meant for
    /// files that one knows, and decoding takes seven bytes a pixel. What is no image goes on: the library says better what it is.
    /// </summary>
    /// <exception cref="RefusedException">There are too many.</exception>
    internal static void Check(byte[] photo, long maxPixels)
    {
        using var data = SKData.CreateCopy(photo);
        using var codec = SKCodec.Create(data);
        if (codec is { Info: { } info } && (long)info.Width * info.Height > maxPixels)
        {
            throw new RefusedException(
                StatusCodes.Status422UnprocessableEntity,
                string.Create(CultureInfo.InvariantCulture, $"The photo declares {info.Width} x {info.Height} pixels; at most {maxPixels} are taken. Make it smaller."));
        }
    }
}
