// Which files are images, by name and by their first bytes.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Inputs;

internal static class ImageNames
{
    /// <summary>Bytes that <see cref="HasImageStart"/> needs.</summary>
    internal const int StartLength = 12;

    /// <summary>Whether a folder's file is taken for an image: the endings that <c>LoadImagesFromFolder</c> knows.</summary>
    internal static bool IsImage(string path) => ImageExtensions.Has(path) && !Path.GetFileName(path).StartsWith('.');

    /// <summary>Whether bytes begin as an image file does (JPEG, PNG, GIF, BMP, WebP, ICO), as no list of paths begins.</summary>
    internal static bool HasImageStart(ReadOnlySpan<byte> start) =>
        start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) || (start.Length > 4 && start[0] == 0x89 && start[1..].StartsWith("PNG"u8)) || start.StartsWith("GIF8"u8)
        || (start.StartsWith("BM"u8) && start[2..].Contains((byte)0))
        || (start.StartsWith("RIFF"u8) && start.Length >= StartLength && start[8..].StartsWith("WEBP"u8))
        || start.StartsWith((ReadOnlySpan<byte>)[0, 0, 1, 0]);
}
