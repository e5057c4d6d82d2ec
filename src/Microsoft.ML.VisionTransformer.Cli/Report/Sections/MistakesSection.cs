// All mistakes, and the most confident hits.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class MistakesSection
{
    internal const string Id = "mistakes";

    private static readonly TableColumn[] _columns =
        [TableColumn.Words("File"), TableColumn.Words("Class"), TableColumn.Words("Predicted as"), new("Probability"), new("Of the true class")];

    /// <summary>The class of a pair's cards, and the id that shows only them.</summary>
    internal static string KeyOf(int trueClass, int predictedClass) => FormattableString.Invariant($"pair-{trueClass}-{predictedClass}");

    /// <summary>The filter by pair of classes; pairs after the first <see cref="ConfusionSection.MaxFilteredPairs"/> have no link.</summary>
    internal static GroupFilter FilterOf(ReportContent content, EvaluationResult evaluation) => new(
        Id,
        [
            .. evaluation.Confusion.Pairs().Take(ConfusionSection.MaxFilteredPairs)
                .Select(pair => new FilterGroup(KeyOf(pair.True, pair.Predicted), $"{content.ClassNames[pair.True]} → {content.ClassNames[pair.Predicted]}", pair.Count)),
        ],
        evaluation.Rows.Count - evaluation.Right,
        "mistakes");

    internal static void Write(HtmlBuilder html, ReportContent content, EvaluationResult evaluation)
    {
        var mistakes = ExampleRows.Mistakes(evaluation);
        if (mistakes.Count == 0)
        {
            html.Add($"<p>There are none: every image was classified correctly.</p>");
            return;
        }

        var filter = FilterOf(content, evaluation);
        html.Add(
            $"<p>{ValueFormat.Count(mistakes.Count)} of {ValueFormat.Images(evaluation.Rows.Count)} were misclassified. Those predicted with the highest probability come first. " +
            $"Check them for wrong labels, too.");
        if (filter.IsUseful)
            html.Add($"<span class=\"screen\">To see only one pair of classes, choose it here, or click its number in the section above.</span>");
        html.Add($"</p>");
        ImageCards.WriteMapNote(html, content);
        if (mistakes.Count > ExampleRows.MaxMaps)
            html.Add(
                $"<p class=\"note\">The first {ValueFormat.Count(ExampleRows.MaxMaps)} are large; the others are small, without " +
                $"maps{(mistakes.Count > ExampleRows.MaxImages ? $", and after {ValueFormat.Count(ExampleRows.MaxImages)} images the rest are in a table" : "")}.</p>");
        if (evaluation.Rows.Any(row => PhotoLink.Of(content.Folder, row.Row.Path) is not null))
            PhotoLink.WriteNote(html);
        filter.Write(html, "Mistakes by pair of classes: true class, predicted class");
        ImageCards.Write(html, content, mistakes.Take(ExampleRows.MaxMaps), GroupOf);
        if (mistakes.Count > ExampleRows.MaxMaps)
            ImageCards.WriteSmall(html, content, mistakes.Skip(ExampleRows.MaxMaps).Take(ExampleRows.MaxImages - ExampleRows.MaxMaps), GroupOf);
        if (mistakes.Count > ExampleRows.MaxImages)
            WriteTable(html, content, mistakes.Skip(ExampleRows.MaxImages));
    }

    /// <summary>Writes the correct predictions with the highest probability.</summary>
    internal static void WriteHits(HtmlBuilder html, ReportContent content, EvaluationResult evaluation)
    {
        var hits = ExampleRows.MostConfidentHits(evaluation);
        if (hits.Count == 0)
        {
            html.Add($"<p>There are none: no image was classified correctly.</p>");
            return;
        }

        html.Add($"<p>The correct predictions with the highest probability, taken from the classes in turn.</p>");
        ImageCards.WriteMapNote(html, content);
        ImageCards.Write(html, content, hits);
    }

    private static void WriteTable(HtmlBuilder html, ReportContent content, IEnumerable<EvaluatedRow> mistakes)
    {
        const string Caption = "The other mistakes";
        html.Add($"<div class=\"scroll tall\" tabindex=\"0\" role=\"group\" aria-label=\"{Caption}\"><table><caption>{Caption}</caption><thead><tr>");
        foreach (var column in _columns)
            ReportTable.WriteHeader(html, column);
        html.Add($"</tr></thead><tbody>");
        foreach (var row in mistakes)
        {
            html.Add($"<tr class=\"{GroupFilter.ItemClass} {GroupOf(row)}\"><th scope=\"row\">");
            ImageCards.WriteName(html, row.Row, content.Folder);
            html.Add($"</th><td><bdi>{content.ClassNames[row.Row.Label]}</bdi></td><td><bdi>{content.ClassNames[row.Predicted]}</bdi></td>");
            html.Add($"<td class=\"number\">{ValueFormat.Probability(row.Confidence)}</td><td class=\"number\">{ValueFormat.Probability(row.TrueProbability)}</td></tr>");
        }

        html.Add($"</tbody></table></div>");
    }

    private static string GroupOf(EvaluatedRow row) => KeyOf(row.Row.Label, row.Predicted);
}
