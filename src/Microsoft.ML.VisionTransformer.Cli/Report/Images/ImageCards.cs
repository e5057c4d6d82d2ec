// Cards with the image of a row, its map, its prediction and a link to the photo.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class ImageCards
{
    /// <summary>Explains the maps; empty without them.</summary>
    internal static void WriteMapNote(HtmlBuilder html, ReportContent content)
    {
        if (content.Overlay is not null)
            html.Add(
                $"<p class=\"note\">Next to each photo is the same photo in gray, overlaid with a map of the evidence for the predicted " +
                $"class. Yellow and orange mark the strongest evidence, black and purple the weakest. The network did not see the pale border. Bright spots in corners are common with small networks and rarely mean anything.</p>");
    }

    /// <summary>Writes a list of large cards with maps.</summary>
    /// <param name="html">The page.</param>
    /// <param name="content">The content.</param>
    /// <param name="rows">The rows, in order.</param>
    /// <param name="groupOf">The class of a card that a filter refers to; null if there is no filter.</param>
    internal static void Write(HtmlBuilder html, ReportContent content, IEnumerable<EvaluatedRow> rows, Func<EvaluatedRow, string>? groupOf = null)
    {
        html.Add($"<ul class=\"cards\">");
        foreach (var row in rows)
        {
            WriteItem(html, groupOf?.Invoke(row));
            WriteImages(html, content, row);
            WriteWords(html, content, row);
            html.Add($"</li>");
        }

        html.Add($"</ul>");
    }

    /// <summary>Writes a list of small cards without maps.</summary>
    /// <inheritdoc cref="Write"/>
    internal static void WriteSmall(HtmlBuilder html, ReportContent content, IEnumerable<EvaluatedRow> rows, Func<EvaluatedRow, string>? groupOf = null)
    {
        html.Add($"<ul class=\"cards small\">");
        foreach (var row in rows)
        {
            WriteItem(html, groupOf?.Invoke(row));
            WriteThumbnail(html, row.Row, Alternative(content.ClassNames, row), Thumbnail.SmallSide);
            WriteWords(html, content, row);
            html.Add($"</li>");
        }

        html.Add($"</ul>");
    }

    /// <summary>Opens the card of an item that a filter may hide.</summary>
    internal static void WriteItem(HtmlBuilder html, string? group)
    {
        if (group is null)
            html.Add($"<li>");
        else
            html.Add($"<li class=\"{GroupFilter.ItemClass} {group}\">");
    }

    /// <summary>Writes the image of a row, or that it cannot be read.</summary>
    internal static void WriteThumbnail(HtmlBuilder html, ScoredRow row, string alternative, int side)
    {
        if (Thumbnail.Read(row, side) is { } image)
        {
            html.Add($"<div class=\"images single\">");
            WriteImage(html, image, alternative);
            html.Add($"</div>");
        }
        else
            WriteMissing(html, row);
    }

    /// <summary>Writes the name of the image, as a link to it if the page's folder is known.</summary>
    internal static void WriteName(HtmlBuilder html, ScoredRow row, string? folder)
    {
        if (PhotoLink.Of(folder, row.Path) is { } link)
            html.Add($"<a href=\"{link}\" target=\"_blank\" rel=\"noreferrer\"><bdi>{row.Name}</bdi></a>");
        else
            html.Add($"<bdi>{row.Name}</bdi>");
    }

    private static void WriteImages(HtmlBuilder html, ReportContent content, EvaluatedRow row)
    {
        if (Thumbnail.Read(row.Row) is { } image)
        {
            html.Add($"<div class=\"images\">");
            WriteImage(html, image, Alternative(content.ClassNames, row));
            if (content.Overlay?.Invoke(row.Row, row.Predicted) is { } overlay && Thumbnail.Jpeg(overlay) is { } drawn)
                WriteImage(html, drawn, $"Map over the same image: evidence for {content.ClassNames[row.Predicted]}");
            html.Add($"</div>");
        }
        else
            WriteMissing(html, row.Row);
    }

    private static void WriteMissing(HtmlBuilder html, ScoredRow row)
    {
        if (row.Content is not null || row.Path is not null)
            html.Add($"<p class=\"note\">The image can no longer be read.</p>");
    }

    private static string Alternative(IReadOnlyList<string> names, EvaluatedRow row) =>
        $"An image of the class {names[row.Row.Label]}{(row.IsRight ? "" : $", predicted as {names[row.Predicted]}")}";

    private static void WriteImage(HtmlBuilder html, byte[] jpeg, string alternative) =>
        html.Add($"<img src=\"data:image/jpeg;base64,{jpeg}\" alt=\"{alternative}\">");

    private static void WriteWords(HtmlBuilder html, ReportContent content, EvaluatedRow row)
    {
        string predicted = content.ClassNames[row.Predicted], truth = content.ClassNames[row.Row.Label];
        if (row.IsRight)
            html.Add($"<p class=\"verdict\"><bdi>{predicted}</bdi> {ValueFormat.Probability(row.Confidence)}</p>");
        else
        {
            html.Add($"<p class=\"verdict\">predicted <bdi class=\"wrong\">{predicted}</bdi> {ValueFormat.Probability(row.Confidence)}<br>");
            html.Add($"true class <bdi>{truth}</bdi> {ValueFormat.Probability(row.TrueProbability)}</p>");
        }

        html.Add($"<p class=\"file\">");
        WriteName(html, row.Row, content.Folder);
        html.Add($"</p>");
    }
}

/// <summary>Links from a report to photos beside it.</summary>
internal static class PhotoLink
{
    /// <summary>Says what a click on a file name does.</summary>
    internal static void WriteNote(HtmlBuilder html) => html.Add(
        $"<p class=\"note screen\">A file name opens the photo in a new tab. The link works only if the photos are still in the same place relative to this page.</p>");

    /// <summary>
    /// The address of a photo relative to the folder of the page, percent-encoded; it works wherever both are moved together. Null without a folder or a
    /// path, and for a photo on another drive.
    /// </summary>
    internal static string? Of(string? folder, string? path)
    {
        if (folder is null || path is null)
            return null;
        string relative = Path.GetRelativePath(folder, path);
        return Path.IsPathRooted(relative) ? null : string.Join('/', relative.Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar).Select(Uri.EscapeDataString));
    }
}
