// Calibration: whether the probabilities match the accuracy.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class CalibrationSection
{
    private static readonly TableColumn[] _columns = [TableColumn.Words("Probability"), new("Images"), new("Mean probability"), new("Accuracy")];

    internal static void Write(HtmlBuilder html, EvaluationResult evaluation)
    {
        var bins = evaluation.Probabilities.Bins;
        html.Add(
            $"<p>A well-calibrated model is right about eight in ten of the images that it predicts with 80% probability, so its dots are on the diagonal. Below " +
            $"the diagonal the model is overconfident, above it underconfident. The lines through the dots are 95% confidence intervals; they are wide for " +
            $"bins with few images.</p>");
        ReliabilityPlot.Draw(html, bins, Describe(evaluation));
        html.Add(
            $"<p>Expected calibration error: <strong>{ValueFormat.Percent(evaluation.Probabilities.CalibrationError)}</strong>, the mean difference between probability and accuracy, over " +
            $"{ValueFormat.Count(bins.Count)} bins of equal width.</p>");
        html.Add($"<details><summary>The diagram as a table</summary>");
        ReportTable.Write(html, "Bins of the reliability diagram", _columns, bins.Where(bin => bin.Weight > 0), bin =>
        {
            html.Add($"<th scope=\"row\">{ValueFormat.Percent(bin.From)} to {ValueFormat.Percent(bin.To)}</th><td class=\"number\">{ValueFormat.Count((int)bin.Weight)}</td>");
            html.Add($"<td class=\"number\">{ValueFormat.Percent(bin.Confidence)}</td><td class=\"number\">{ValueFormat.Percent(bin.Accuracy)}</td>");
        });
        html.Add($"</details>");
    }

    private static string Describe(EvaluationResult evaluation)
    {
        double confidence = evaluation.Rows.Average(row => row.Confidence);
        return $"The mean probability of the predicted classes is {ValueFormat.Percent(confidence)}, " +
            $"and {ValueFormat.Percent(evaluation.Accuracy)} of the predictions are correct. " +
            $"The expected calibration error is {ValueFormat.Percent(evaluation.Probabilities.CalibrationError)}. The table below has the values of each bin.";
    }
}
