// The most important metrics, and the description of the model.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class SummarySection
{
    /// <summary>With fewer classes, top-5 accuracy is high by chance.</summary>
    private const int MinTopFiveClasses = 11;

    internal static void Write(HtmlBuilder html, ReportContent content, EvaluationResult? evaluation)
    {
        if (evaluation is null)
            html.Add($"<p class=\"lead\">No test images were held out, so there are no test metrics.</p>");
        else
            WriteMetrics(html, content, evaluation);
        if (content.Model.Count > 0)
            ReportTable.WriteValues(html, "The model", content.Model);
    }

    private static void WriteMetrics(HtmlBuilder html, ReportContent content, EvaluationResult evaluation)
    {
        var interval = WilsonInterval.Of(evaluation.Right, evaluation.Rows.Count);
        html.Add(
            $"<p class=\"lead\"><strong>{ValueFormat.Count(evaluation.Right)} of {ValueFormat.Count(evaluation.Rows.Count)}</strong> {content.RowsName} " +
            $"images classified correctly.</p>");
        html.Add($"<dl class=\"tiles\">");
        WriteTile(html, "Accuracy", ValueFormat.Percent(evaluation.Accuracy), $"95% interval: {ValueFormat.Percent(interval.From)} to {ValueFormat.Percent(interval.To)}");
        if (content.ClassNames.Count >= MinTopFiveClasses)
            WriteTile(html, "Top-5 accuracy", ValueFormat.Percent(evaluation.TopAccuracy(5)), "true class among the five most probable");
        WriteTile(html, "Mean recall", ValueFormat.Percent(evaluation.MacroAccuracy), "every class has equal weight");
        WriteTile(html, "Mean F1", ValueFormat.Percent(evaluation.MacroF1), "of precision and recall; every class has equal weight");
        WriteTile(html, "Log loss", ValueFormat.Loss(evaluation.Probabilities.LogLoss), $"random guessing: {ValueFormat.Loss(Math.Log(content.ClassNames.Count))}");
        WriteTile(html, "Calibration error", ValueFormat.Percent(evaluation.Probabilities.CalibrationError), "0% is best");
        html.Add($"</dl>");
    }

    private static void WriteTile(HtmlBuilder html, string name, string value, string note) =>
        html.Add($"<div><dt>{name}</dt><dd><span class=\"value\">{value}</span> <span class=\"note\">{note}</span></dd></div>");
}
