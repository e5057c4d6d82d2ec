// File extensions of images, for the library and the command line.
namespace Microsoft.ML.VisionTransformer.Common;

internal static class ImageExtensions
{
    private static readonly HashSet<string> _all =
        new([".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".ico"], StringComparer.OrdinalIgnoreCase);

    /// <summary>The extensions, for a message.</summary>
    internal static string Listed => string.Join(' ', _all);

    /// <summary>Whether a file name has the extension of an image. Extensions only select files; decoding detects the format from the content.</summary>
    internal static bool Has(string name) => _all.Contains(Path.GetExtension(name));
}
