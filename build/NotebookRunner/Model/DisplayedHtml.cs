// The formats in which displayed HTML is stored.
using System.Text.RegularExpressions;

namespace NotebookRunner.Model;

internal static partial class DisplayedHtml
{
    /// <summary>A single JPEG, PNG or SVG is stored as an image, because some viewers show images but no HTML; anything else as HTML.</summary>
    internal static (string MimeType, string Data)[] Formats(string html)
    {
        string trimmed = html.Trim();
        if (OneImage().Match(trimmed) is { Success: true } image)
            return [(image.Groups["type"].Value, image.Groups["data"].Value), ("text/plain", image.Groups["alt"].Value)];
        bool svg = trimmed.StartsWith("<svg ", StringComparison.Ordinal) && trimmed.IndexOf("</svg>", StringComparison.Ordinal) == trimmed.Length - "</svg>".Length;
        return [(svg ? "image/svg+xml" : "text/html", trimmed)];
    }

    [GeneratedRegex("^<img alt='(?<alt>[^']*)' src='data:(?<type>image/(?:jpeg|png));base64,(?<data>[^']*)'>$")]
    private static partial Regex OneImage();
}
