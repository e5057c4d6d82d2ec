// Images that the model got very wrong or very right, with what spoke for its answer.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class ImagesSection
{
    internal static void WriteMistakes(HtmlBuilder html, ReportContent content, EvaluationResult evaluation)
    {
        var worst = ShownRows.WorstMistakes(evaluation);
        if (worst.Count == 0)
        {
            html.Add($"<p>There are none: every image was given its class.</p>");
            return;
        }

        int wrong = evaluation.Rows.Count - evaluation.Right;
        string which = wrong > worst.Count
            ? $"These are the {Figure.Count(worst.Count)} whose true class got the least probability."
            : "Those whose true class got the least probability come first.";
        html.Add(
            $"<p>{Figure.Count(wrong)} of {Figure.Images(evaluation.Rows.Count)} were given a wrong class. {which} " +
            $"Look for wrong labels among them, too.</p>");
        WriteCards(html, content, worst);
    }

    internal static void WriteHits(HtmlBuilder html, ReportContent content, EvaluationResult evaluation)
    {
        var surest = ShownRows.SurestHits(evaluation);
        if (surest.Count == 0)
        {
            html.Add($"<p>There are none: no image was given its class.</p>");
            return;
        }

        html.Add($"<p>The right answers that the model was surest of, the classes taking turns.</p>");
        WriteCards(html, content, surest);
    }

    private static void WriteCards(HtmlBuilder html, ReportContent content, IReadOnlyList<EvaluatedRow> rows)
    {
        if (content.Overlay is not null)
            html.Add(
                $"<p class=\"note\">Beside each image: the same image as the network saw it, in grey, under a map of what spoke for the predicted " +
                $"class. The lighter, the more.</p>");
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
        if (RowImage.Read(row.Row) is { } image)
        {
            html.Add($"<div class=\"pictures\">");
            string predicted = content.ClassNames[row.Predicted];
            WriteImage(html, image, $"An image of the class {content.ClassNames[row.Row.Label]}{(row.IsRight ? "" : $", taken for {predicted}")}");
            if (content.Overlay?.Invoke(row.Row, row.Predicted) is { } overlay && Thumbnail.Jpeg(overlay) is { } drawn)
                WriteImage(html, drawn, $"Map over the same image: what spoke for {predicted}");
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
            html.Add($"<p class=\"verdict\"><bdi>{predicted}</bdi> {Figure.Probability(row.Confidence)}</p>");
        else
        {
            html.Add($"<p class=\"verdict\">taken for <bdi class=\"wrong\">{predicted}</bdi> {Figure.Probability(row.Confidence)}<br>");
            html.Add($"is <bdi>{truth}</bdi> {Figure.Probability(row.TrueProbability)}</p>");
        }

        html.Add($"<p class=\"file\"><bdi>{row.Row.Name}</bdi></p>");
    }
}
