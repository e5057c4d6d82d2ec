// Reads and decodes an image by its path.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class ImageFile
{
    /// <summary>Decodes the file at <paramref name="path"/>; links are followed.</summary>
    /// <param name="path">Path as the row has it.</param>
    /// <param name="where">The row and column that named the file, for messages.</param>
    /// <param name="decoding">Limits and scale; null for the defaults at full size.</param>
    /// <exception cref="InvalidImageException">There is no such file, it cannot be read, or it is no image.</exception>
    internal static RgbImage Decode(string? path, string where, ImageDecoding? decoding = null)
    {
        return ImageDecoder.Decode(Read(path, where), $"{path} ({where})", decoding);
    }

    /// <summary>The content of the file; empty for what is no regular file.</summary>
    /// <inheritdoc cref="Decode"/>
    internal static byte[] Read([System.Diagnostics.CodeAnalysis.NotNull] string? path, string where)
    {
        if (string.IsNullOrWhiteSpace(path))
            throw new InvalidImageException($"{where} has no path. Fill it in or leave the row out.");
        try
        {
            return HasContent(path) ? File.ReadAllBytes(path) : [];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidImageException($"{path} ({where}) is not there; the full path is {Path.GetFullPath(path)}. Correct the path or leave the row out.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string reason = Directory.Exists(path) ? "it is a folder" : e.Message.TrimEnd('.');
            throw new InvalidImageException($"{path} ({where}) cannot be read: {reason}. Correct the path or leave the row out.", e);
        }
    }

    /// <summary>
    /// False for an empty file, and for pipes, sockets and devices, whose length is 0: those are never opened, since reading one may wait or go on for ever.
    /// </summary>
    private static bool HasContent(string path)
    {
        var file = new FileInfo(path);
        if (file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target)
            file = target;
        return !file.Exists || file.Length > 0;    // What is there instead of a file, reading it will tell.
    }
}
