// A part of the page with a heading of its own.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <param name="Id">Where links lead.</param>
/// <param name="Title">Its heading, also in the list of contents.</param>
/// <param name="Write">Writes what comes below the heading.</param>
internal sealed record ReportSection(string Id, string Title, Action<HtmlBuilder> Write)
{
    /// <summary>The parts that the content has something for, in the order of the page.</summary>
    internal static IReadOnlyList<ReportSection> All(ReportContent content, EvaluationResult? evaluation)
    {
        var sections = new List<ReportSection> { new("summary", "Summary", html => SummarySection.Write(html, content, evaluation)) };
        if (evaluation is not null)
        {
            sections.Add(new("classes", "Classes", html => ClassesSection.Write(html, content, evaluation)));
            sections.Add(new("confusion", ConfusionSection.TitleFor(content.ClassNames.Count), html => ConfusionSection.Write(html, content, evaluation)));
            sections.Add(new("mistakes", "Worst mistakes", html => ImagesSection.WriteMistakes(html, content, evaluation)));
            sections.Add(new("hits", "Most confident hits", html => ImagesSection.WriteHits(html, content, evaluation)));
            sections.Add(new("calibration", "Calibration", html => CalibrationSection.Write(html, evaluation)));
        }

        if (content.Epochs.Count > 0)
            sections.Add(new("training", "Training", html => TrainingSection.Write(html, content)));
        if (content.Splits.Count > 0 || content.Skipped.Count > 0)
            sections.Add(new("data", "Data", html => DataSection.Write(html, content)));
        if (content.Options.Count > 0)
            sections.Add(new("options", "Options", html => ValueList.Write(html, "Options of the run", content.Options)));
        return sections;
    }
}
