// The sections of the report.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <param name="Id">The id that links refer to.</param>
/// <param name="Title">The heading, also in the table of contents.</param>
/// <param name="Write">Writes the content below the heading.</param>
internal sealed record ReportSection(string Id, string Title, Action<HtmlBuilder> Write)
{
    /// <summary>Rules for the style sheet of the page; no names or values of the data.</summary>
    internal string Style { get; init; } = "";

    /// <summary>The sections that are not empty, in the order of the page.</summary>
    internal static IReadOnlyList<ReportSection> All(ReportContent content, EvaluationResult? evaluation)
    {
        var sections = new List<ReportSection> { new("summary", "Summary", html => SummarySection.Write(html, content, evaluation)) };
        if (evaluation is not null)
        {
            sections.Add(new("classes", "Classes", html => ClassesSection.Write(html, content, evaluation)));
            sections.Add(new("confusion", ConfusionSection.TitleFor(content.ClassNames.Count), html => ConfusionSection.Write(html, content, evaluation)));
            sections.Add(new(MistakesSection.Id, "Mistakes", html => MistakesSection.Write(html, content, evaluation)) { Style = MistakesSection.FilterOf(content, evaluation).Style() });
            sections.Add(new("hits", "Most confident correct predictions", html => MistakesSection.WriteHits(html, content, evaluation)));
            sections.Add(new("calibration", "Calibration", html => CalibrationSection.Write(html, evaluation)));
        }

        if (content.Epochs.Count > 0)
            sections.Add(new("training", "Training", html => TrainingSection.Write(html, content)));
        if (content.LearningCurve.Count > 1)
            sections.Add(new("learning", "Would more photos help?", html => LearningCurveSection.Write(html, content)));
        if (content.Splits.Count > 0 || content.Skipped.Count > 0)
            sections.Add(new("data", "Data", html => DataSection.Write(html, content)));
        if (content.Run.Count > 0 || content.Command is not null)
            sections.Add(new("run", "Run", html => RunSection.Write(html, content)));
        if (content.Options.Count > 0)
            sections.Add(new("options", "Options", html => ReportTable.WriteValues(html, "Options of the run", content.Options)));
        return sections;
    }
}
