// Reads the size of an image from its header: a few kilobytes can declare more pixels than fit into memory.
using System.Globalization;
using System.Runtime.InteropServices;
using SkiaSharp;

namespace WebService;

internal static class UploadedImage
{
    /// <summary>
    /// The number of pixels that the photo declares; 0 if it is not an image, which the library describes better. The library has a limit of its own, the
    /// model's <c>ImagePreprocessing.MaxPixels</c>, but that one is meant for files from known sources.
    /// </summary>
    /// <exception cref="RefusedException">The photo declares more pixels than <paramref name="maxPixels"/>.</exception>
    internal static long CountPixels(byte[] photo, long maxPixels)
    {
        var pinned = GCHandle.Alloc(photo, GCHandleType.Pinned);
        try
        {
            using var data = SKData.Create(pinned.AddrOfPinnedObject(), photo.Length);
            using var codec = SKCodec.Create(data);
            if (codec is not { Info: { } info })
                return 0;
            long pixels = (long)info.Width * info.Height;
            return pixels <= maxPixels ? pixels : throw new RefusedException(
                StatusCodes.Status422UnprocessableEntity,
                string.Create(CultureInfo.InvariantCulture, $"The photo has {info.Width} x {info.Height} pixels ({Units.Pixels(pixels)}); ")
                + $"the service accepts at most {Units.Pixels(maxPixels)}. Make it smaller and try again.");
        }
        finally
        {
            pinned.Free();
        }
    }
}
