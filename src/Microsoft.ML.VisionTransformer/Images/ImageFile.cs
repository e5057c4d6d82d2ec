// Reads and decodes an image by its path.
namespace Microsoft.ML.VisionTransformer.Images;

internal static class ImageFile
{
    /// <summary>Decodes the file at <paramref name="path"/>; links are followed.</summary>
    /// <param name="path">Path as the row has it.</param>
    /// <param name="where">The row and column that named the file, for messages.</param>
    /// <exception cref="InvalidImageException">There is no such file, it cannot be read, or it is no image.</exception>
    internal static RgbImage Decode(string? path, string where)
    {
        if (string.IsNullOrWhiteSpace(path))
            throw new InvalidImageException($"{where} has no path. Fill it in or leave the row out.");
        return ImageDecoder.Decode(Read(path, where), $"{path} ({where})");
    }

    private static byte[] Read(string path, string where)
    {
        try
        {
            return File.ReadAllBytes(path);
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
}
