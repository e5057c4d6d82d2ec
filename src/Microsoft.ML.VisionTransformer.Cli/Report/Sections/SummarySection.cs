// The figures that one looks for first, and what the model is.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class SummarySection
{
    /// <summary>With fewer classes the true one is among the five most probable by chance.</summary>
    private const int LeastClassesForTopFive = 11;

    internal static void Write(HtmlBuilder html, ReportContent content, EvaluationResult? evaluation)
    {
        if (evaluation is null)
            html.Add($"<p class=\"lead\">No images were kept apart to judge the model: there are no figures on how good it is.</p>");
        else
            WriteFigures(html, content, evaluation);
        if (content.Model.Count > 0)
            ValueList.Write(html, "The model", content.Model);
    }

    private static void WriteFigures(HtmlBuilder html, ReportContent content, EvaluationResult evaluation)
    {
        var interval = WilsonInterval.Of(evaluation.Right, evaluation.Rows.Count);
        html.Add(
            $"<p class=\"lead\"><strong>{Figure.Count(evaluation.Right)} of {Figure.Count(evaluation.Rows.Count)}</strong> {content.RowsName} " +
            $"images right.</p>");
        html.Add($"<dl class=\"tiles\">");
        WriteTile(html, "Accuracy", Figure.Percent(evaluation.Accuracy), $"95 % interval: {Figure.Percent(interval.From)} to {Figure.Percent(interval.To)}");
        if (content.ClassNames.Count >= LeastClassesForTopFive)
            WriteTile(html, "Top-5 accuracy", Figure.Percent(evaluation.TopAccuracy(5)), "true class among the five most probable");
        WriteTile(html, "Mean recall", Figure.Percent(evaluation.MacroAccuracy), "every class counts the same");
        WriteTile(html, "Mean F1", Figure.Percent(evaluation.MacroF1), "of precision and recall, every class the same");
        WriteTile(html, "Log loss", Figure.Loss(evaluation.Probabilities.LogLoss), $"guessing: {Figure.Loss(Math.Log(content.ClassNames.Count))}");
        WriteTile(html, "Calibration error", Figure.Percent(evaluation.Probabilities.CalibrationError), "0 % is best");
        html.Add($"</dl>");
    }

    private static void WriteTile(HtmlBuilder html, string name, string value, string note) =>
        html.Add($"<div><dt>{name}</dt><dd><span class=\"value\">{value}</span> <span class=\"note\">{note}</span></dd></div>");
}
