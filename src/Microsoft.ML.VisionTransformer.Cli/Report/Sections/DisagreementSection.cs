// The images on which models disagree, with the prediction of each.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal sealed class DisagreementSection
{
    internal const string Id = "disagreements";

    /// <summary>Number of images with a large thumbnail.</summary>
    internal const int MaxLarge = 48;

    private readonly ModelComparison _comparison;
    private readonly string? _folder;
    private readonly IReadOnlyList<Disagreement> _images;

    internal DisagreementSection(ModelComparison comparison, string? folder)
    {
        (_comparison, _folder, _images) = (comparison, folder, comparison.Disagreements());
        Filter = new GroupFilter(
            Id,
            [.. _images.GroupBy(image => image.Pattern).OrderByDescending(group => group.Count()).Select(group => new FilterGroup(KeyOf(group.Key), LabelOf(group.Key), group.Count()))],
            _images.Count,
            "images");
    }

    /// <summary>The filter by which of the models are right.</summary>
    internal GroupFilter Filter { get; }

    internal void Write(HtmlBuilder html)
    {
        if (_images.Count == 0)
        {
            html.Add($"<p>Nowhere: the models predict the same class for every image.</p>");
            return;
        }

        html.Add(
            $"<p>The models predict different classes for {ValueFormat.Count(_images.Count)} of {ValueFormat.Images(_comparison.Images)}. The images on which the models differ most come first, " +
            $"by the probability of the true class.</p>");
        if (_images.Count > MaxLarge)
            html.Add($"<p class=\"note\">The first {ValueFormat.Count(MaxLarge)} are large{(_images.Count > ExampleRows.MaxImages ? $", and after {ValueFormat.Count(ExampleRows.MaxImages)} images the rest are in a table" : "")}.</p>");
        if (_images.Any(image => PhotoLink.Of(_folder, image.Row.Path) is not null))
            PhotoLink.WriteNote(html);
        Filter.Write(html, "Images by which models are right");
        WriteCards(html, _images.Take(MaxLarge), Thumbnail.LargeSide, "cards medium");
        if (_images.Count > MaxLarge)
            WriteCards(html, _images.Skip(MaxLarge).Take(ExampleRows.MaxImages - MaxLarge), Thumbnail.SmallSide, "cards small");
        if (_images.Count > ExampleRows.MaxImages)
            WriteTable(html);
    }

    private static string KeyOf(string pattern) => $"right-{pattern}";

    private string LabelOf(string pattern)
    {
        string[] right = [.. _comparison.Models.Where((_, m) => pattern[m] == '1').Select(model => model.Name)];
        return right.Length switch
        {
            0 => "no model is right",
            1 => $"only {right[0]} is right",
            _ => $"{string.Join(" and ", right)} are right",
        };
    }

    private void WriteCards(HtmlBuilder html, IEnumerable<Disagreement> images, int side, string style)
    {
        html.Add($"<ul class=\"{style}\">");
        foreach (var image in images)
        {
            string truth = _comparison.ClassNames[image.Row.Label];
            ImageCards.WriteItem(html, KeyOf(image.Pattern));
            ImageCards.WriteThumbnail(html, image.Row, $"An image of the class {truth}", side);
            html.Add($"<p class=\"verdict\">true class <bdi>{truth}</bdi></p><dl class=\"answers\">");
            foreach (var (model, row) in _comparison.Models.Zip(image.Answers))
                html.Add($"<div><dt><bdi>{model.Name}</bdi></dt><dd>{(row.IsRight ? "✓" : "✗")} <bdi class=\"{(row.IsRight ? "right" : "wrong")}\">{_comparison.ClassNames[row.Predicted]}</bdi> {ValueFormat.Probability(row.Confidence)}</dd></div>");
            html.Add($"</dl><p class=\"file\">");
            ImageCards.WriteName(html, image.Row, _folder);
            html.Add($"</p></li>");
        }

        html.Add($"</ul>");
    }

    private void WriteTable(HtmlBuilder html)
    {
        const string Caption = "The other images on which the models disagree";
        html.Add($"<div class=\"scroll tall\" tabindex=\"0\" role=\"group\" aria-label=\"{Caption}\"><table><caption>{Caption}</caption><thead><tr>");
        TableColumn[] columns = [TableColumn.Words("File"), TableColumn.Words("Class"), .. _comparison.Models.Select(model => TableColumn.Words(model.Name))];
        foreach (var column in columns)
            ReportTable.WriteHeader(html, column);
        html.Add($"</tr></thead><tbody>");
        foreach (var image in _images.Skip(ExampleRows.MaxImages))
        {
            html.Add($"<tr class=\"{GroupFilter.ItemClass} {KeyOf(image.Pattern)}\"><th scope=\"row\">");
            ImageCards.WriteName(html, image.Row, _folder);
            html.Add($"</th><td><bdi>{_comparison.ClassNames[image.Row.Label]}</bdi></td>");
            foreach (var row in image.Answers)
                html.Add($"<td><bdi>{_comparison.ClassNames[row.Predicted]}</bdi> {ValueFormat.Probability(row.Confidence)}</td>");
            html.Add($"</tr>");
        }

        html.Add($"</tbody></table></div>");
    }
}
