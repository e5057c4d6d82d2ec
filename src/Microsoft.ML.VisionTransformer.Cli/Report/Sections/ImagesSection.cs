// The worst mistakes and the most confident hits, with attention maps.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class ImagesSection
{
    internal static void WriteMistakes(HtmlBuilder html, ReportContent content, EvaluationResult evaluation)
    {
        var worst = ExampleRows.WorstMistakes(evaluation);
        if (worst.Count == 0)
        {
            html.Add($"<p>There are none: every image was classified correctly.</p>");
            return;
        }

        int wrong = evaluation.Rows.Count - evaluation.Right;
        string which = wrong > worst.Count
            ? $"These are the {ValueFormat.Count(worst.Count)} with the lowest probability of the true class."
            : "Those with the lowest probability of the true class come first.";
        html.Add(
            $"<p>{ValueFormat.Count(wrong)} of {ValueFormat.Images(evaluation.Rows.Count)} were classified wrongly. {which} " +
            $"Check them for wrong labels, too.</p>");
        WriteCards(html, content, worst);
    }

    internal static void WriteHits(HtmlBuilder html, ReportContent content, EvaluationResult evaluation)
    {
        var hits = ExampleRows.MostConfidentHits(evaluation);
        if (hits.Count == 0)
        {
            html.Add($"<p>There are none: no image was classified correctly.</p>");
            return;
        }

        html.Add($"<p>The correct predictions with the highest probability, taken from the classes in turn.</p>");
        WriteCards(html, content, hits);
    }

    private static void WriteCards(HtmlBuilder html, ReportContent content, IReadOnlyList<EvaluatedRow> rows)
    {
        if (content.Overlay is not null)
            html.Add(
                $"<p class=\"note\">Next to each image: the input of the network in gray, overlaid with a map of the evidence for the predicted " +
                $"class. Lighter means more.</p>");
        html.Add($"<ul class=\"cards\">");
        foreach (var row in rows)
        {
            html.Add($"<li>");
            WriteImages(html, content, row);
            WriteWords(html, content.ClassNames, row);
            html.Add($"</li>");
        }

        html.Add($"</ul>");
    }

    private static void WriteImages(HtmlBuilder html, ReportContent content, EvaluatedRow row)
    {
        if (Thumbnail.Read(row.Row) is { } image)
        {
            html.Add($"<div class=\"images\">");
            string predicted = content.ClassNames[row.Predicted];
            WriteImage(html, image, $"An image of the class {content.ClassNames[row.Row.Label]}{(row.IsRight ? "" : $", predicted as {predicted}")}");
            if (content.Overlay?.Invoke(row.Row, row.Predicted) is { } overlay && Thumbnail.Jpeg(overlay) is { } drawn)
                WriteImage(html, drawn, $"Map over the same image: evidence for {predicted}");
            html.Add($"</div>");
        }
        else if (row.Row.Content is not null || row.Row.Path is not null)
            html.Add($"<p class=\"note\">The image can no longer be read.</p>");
    }

    private static void WriteImage(HtmlBuilder html, byte[] jpeg, string alternative) =>
        html.Add($"<img src=\"data:image/jpeg;base64,{jpeg}\" alt=\"{alternative}\">");

    private static void WriteWords(HtmlBuilder html, IReadOnlyList<string> names, EvaluatedRow row)
    {
        string predicted = names[row.Predicted], truth = names[row.Row.Label];
        if (row.IsRight)
            html.Add($"<p class=\"verdict\"><bdi>{predicted}</bdi> {ValueFormat.Probability(row.Confidence)}</p>");
        else
        {
            html.Add($"<p class=\"verdict\">predicted <bdi class=\"wrong\">{predicted}</bdi> {ValueFormat.Probability(row.Confidence)}<br>");
            html.Add($"true class <bdi>{truth}</bdi> {ValueFormat.Probability(row.TrueProbability)}</p>");
        }

        html.Add($"<p class=\"file\"><bdi>{row.Row.Name}</bdi></p>");
    }
}
