// The extensions of files that are taken for images, in the library and in the command line.
namespace Microsoft.ML.VisionTransformer.Common;

internal static class ImageExtensions
{
    private static readonly HashSet<string> _all =
        new([".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".ico"], StringComparer.OrdinalIgnoreCase);

    /// <summary>The extensions, for a message.</summary>
    internal static string Listed => string.Join(' ', _all);

    /// <summary>Whether a file's name ends like an image's. Extensions only choose files; decoding goes by content.</summary>
    internal static bool Has(string name) => _all.Contains(Path.GetExtension(name));
}
