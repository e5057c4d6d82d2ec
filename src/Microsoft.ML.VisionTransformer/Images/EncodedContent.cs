// Says what bytes that are no readable image seem to be, so that the message helps.
using System.Text;

namespace Microsoft.ML.VisionTransformer.Images;

/// <summary>Recognises common contents by their first bytes ("magic numbers") for error messages alone.</summary>
internal static class EncodedContent
{
    private const string Supported = "JPEG, PNG, WebP, GIF, BMP and ICO are read";

    private static readonly (string Start, string Message)[] _known =
    [
        ("\u00ff\u00d8", "it starts as a JPEG file, but its header is broken or incomplete. Replace the file or leave it out."),
        ("\u0089PNG\r\n\u001a\n", "it starts as a PNG file, but its header is broken or incomplete. Replace the file or leave it out."),
        ("GIF8", "it starts as a GIF file, but its header is broken or incomplete. Replace the file or leave it out."),
        ("RIFF", "it starts as a WebP file, but is broken or incomplete. Replace the file or leave it out."),
        ("BM", "it starts as a BMP file, but its header is broken or of an unknown kind. Convert it to PNG."),
        ("II*\0", $"it is a TIFF file; {Supported}. Convert it."),
        ("MM\0*", $"it is a TIFF file; {Supported}. Convert it."),
        ("\0\0\0\u000cjP", $"it is a JPEG 2000 file; {Supported}. Convert it."),
        ("%PDF", $"it is a PDF document; {Supported}. Convert its pictures."),
        ("PK", "it is a ZIP archive. Unpack it first."),
    ];

    /// <summary>What the content seems to be and what to do about it.</summary>
    internal static string Describe(ReadOnlySpan<byte> encoded)
    {
        string start = Encoding.Latin1.GetString(encoded[..Math.Min(encoded.Length, 256)]);
        foreach (var (known, message) in _known)
        {
            if (start.StartsWith(known, StringComparison.Ordinal))
                return message;
        }

        if (start.Length > 11 && start.AsSpan(4, 4).SequenceEqual("ftyp"))
            return $"it is {(start.AsSpan(8).StartsWith("avi") ? "an AVIF" : "a HEIC or video")} file; {Supported}. Convert it.";
        if (start.Contains("<svg", StringComparison.OrdinalIgnoreCase))
            return $"it is an SVG drawing; {Supported}. Convert it.";
        if (start.TrimStart().StartsWith('<'))
            return "it is HTML or XML text, as a web server's error page is. Download the picture again.";
        return start.All(IsText)
            ? $"it is text; {Supported}. Is it a path where the image's bytes were expected?"
            : $"its {encoded.Length} bytes are in no known format; {Supported}. Replace the file or leave it out.";
    }

    private static bool IsText(char c) => c is '\t' or '\r' or '\n' or (>= ' ' and not '\u007f');
}
