// Whether the probabilities mean what they say.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class CalibrationSection
{
    private static readonly TableColumn[] _columns = [TableColumn.Words("Probability"), new("Images"), new("Mean probability"), new("Right answers")];

    internal static void Write(HtmlBuilder html, EvaluationResult evaluation)
    {
        var bins = evaluation.Probabilities.Bins;
        html.Add(
            $"<p>Of the images that a calibrated model gives 80 %, eight in ten are right: the dots then lie on the diagonal. Below it the model is " +
            $"too sure, above it not sure enough. The lines through the dots say how far chance alone may move them (95 %): a dot of few images " +
            $"says little.</p>");
        ReliabilityPlot.Draw(html, bins, Describe(evaluation));
        html.Add(
            $"<p>Expected calibration error: <strong>{Figure.Percent(evaluation.Probabilities.CalibrationError)}</strong>, the mean distance between the two, over " +
            $"{Figure.Count(bins.Count)} equal bins.</p>");
        html.Add($"<details><summary>The diagram as a table</summary>");
        ReportTable.Write(html, "Bins of the reliability diagram", _columns, bins.Where(bin => bin.Weight > 0), bin =>
        {
            html.Add($"<th scope=\"row\">{Figure.Percent(bin.From)} to {Figure.Percent(bin.To)}</th><td class=\"number\">{Figure.Count((int)bin.Weight)}</td>");
            html.Add($"<td class=\"number\">{Figure.Percent(bin.Confidence)}</td><td class=\"number\">{Figure.Percent(bin.Accuracy)}</td>");
        });
        html.Add($"</details>");
    }

    private static string Describe(EvaluationResult evaluation)
    {
        double confidence = evaluation.Rows.Average(row => row.Confidence);
        return $"The mean probability of the predicted classes is {Figure.Percent(confidence)}, " +
            $"and {Figure.Percent(evaluation.Accuracy)} of the answers are right. " +
            $"The expected calibration error is {Figure.Percent(evaluation.Probabilities.CalibrationError)}. The table below has the figures of each bin.";
    }
}
