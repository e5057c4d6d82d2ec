// The tables of a comparison: accuracy, difference to the first model, speed and size, recall of each class.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Evaluation;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class ComparisonSections
{
    internal static void WriteAccuracy(HtmlBuilder html, ModelComparison comparison)
    {
        html.Add($"<p class=\"lead\">{Leader(comparison)}</p>");
        IntervalPlot.Draw(html, comparison.Models);
        TableColumn[] columns = [TableColumn.Words("Model"), new("Accuracy"), new("95% interval"), new("Mean recall"), new("Log loss"), new("Calibration error")];
        ReportTable.Write(html, $"The models on the same {ValueFormat.Images(comparison.Images)}", columns, comparison.Models, model =>
        {
            var (evaluation, interval) = (model.Evaluation, WilsonInterval.Of(model.Evaluation.Right, comparison.Images));
            WriteName(html, model);
            html.Add($"<td class=\"number meter\" style=\"--fraction:{evaluation.Accuracy}\">{ValueFormat.Percent(evaluation.Accuracy)}</td>");
            html.Add($"<td class=\"number\">{ValueFormat.Percent(interval.From)} to {ValueFormat.Percent(interval.To)}</td>");
            html.Add($"<td class=\"number\">{ValueFormat.Percent(evaluation.MacroAccuracy)}</td><td class=\"number\">{ValueFormat.Loss(evaluation.Probabilities.LogLoss)}</td>");
            html.Add($"<td class=\"number\">{ValueFormat.Percent(evaluation.Probabilities.CalibrationError)}</td>");
        });
        html.Add(
            $"<p class=\"note\">The interval shows how precisely these images determine the accuracy on a very large number of similar images. All models were evaluated on the same images, so the " +
            $"difference below is more precise than the intervals suggest. A model that was trained on some of these images has a higher accuracy here than on new ones.</p>");
    }

    internal static void WriteDifferences(HtmlBuilder html, ModelComparison comparison)
    {
        var (first, differences) = (comparison.Models[0], comparison.Differences());
        foreach (var (model, difference) in differences)
            html.Add($"<p>{difference.Sentence(first.Name, model.Name)}</p>");
        TableColumn[] columns = [TableColumn.Words("Model"), new("Difference in percentage points"), new("95% interval"), new("Only this model is right"), new($"Only {first.Name} is right"), new("p")];
        ReportTable.Write(html, $"Difference from {first.Name}", columns, differences, pair =>
        {
            var (from, to) = pair.Difference.Interval;
            WriteName(html, pair.Model);
            html.Add($"<td class=\"number\">{Points(pair.Difference.Difference)}</td><td class=\"number\">{Points(from)} to {Points(to)}</td>");
            html.Add($"<td class=\"number\">{ValueFormat.Count(pair.Difference.OnlyOther)}</td><td class=\"number\">{ValueFormat.Count(pair.Difference.OnlyFirst)}</td>");
            html.Add($"<td class=\"number\">{pair.Difference.PNumber()}</td>");
        });
        html.Add(
            $"<p class=\"note\">p is from McNemar's exact test, which counts only the images that exactly one of the two models gets right: p is the probability of a split at least this " +
            $"uneven if both models were equally accurate. A difference with p below {PairedDifference.Significance} is commonly called significant.{(differences.Count > 1 ? " With several comparisons, some p-values are low by chance." : "")}</p>");
    }

    internal static void WriteSpeed(HtmlBuilder html, ModelComparison comparison)
    {
        TableColumn[] columns = [TableColumn.Words("Model"), new("Images per second"), new("Slowest to fastest round"), new("Size in MB"), new("Parameters"), TableColumn.Words("Network")];
        ReportTable.Write(html, "Speed and size", columns, comparison.Models, model =>
        {
            WriteName(html, model);
            html.Add($"<td class=\"number\">{Speed(model.ImagesPerSecond)}</td><td class=\"number\">{Speed(model.Speeds.Min())} to {Speed(model.Speeds.Max())}</td>");
            html.Add($"<td class=\"number\">{(model.Bytes is { } bytes ? ValueFormat.Megabytes(bytes) : ValueFormat.None)}</td>");
            html.Add($"<td class=\"number\">{Invariant($"{model.Parameters:N0}")}</td><td><bdi>{model.Network}</bdi></td>");
        });
        html.Add(
            $"<p class=\"note\">Measured on the machine that wrote this page, which has {ValueFormat.Count(Environment.ProcessorCount)} logical processors. After all models had scored all images, they " +
            $"scored {ValueFormat.Images(comparison.SpeedImages)} in turn, in batches of up to {ValueFormat.Count(Models.BatchScoring.BatchSize)}, in {ValueFormat.Count(ModelComparer.SpeedRounds)} rounds. " +
            $"The speed is that of the median round; it includes reading, decoding and resizing the photos.</p>");
    }

    internal static void WriteClasses(HtmlBuilder html, ModelComparison comparison)
    {
        html.Add($"<p>Recall: of the images of the class, the fraction that were predicted as it. The classes in which the models differ most come first.</p>");
        TableColumn[] columns = [TableColumn.Words("Class"), new("Images"), .. comparison.Models.Select(model => new TableColumn(model.Name))];
        int[] classes = [.. Enumerable.Range(0, comparison.ClassNames.Count).OrderByDescending(Differences)];
        ReportTable.WriteLong(html, "Recall of each class", columns, classes, index =>
        {
            html.Add($"<th scope=\"row\"><bdi>{comparison.ClassNames[index]}</bdi></th><td class=\"number\">{ValueFormat.Count(comparison.Models[0].Evaluation.Classes[index].Support)}</td>");
            foreach (var model in comparison.Models)
            {
                double? recall = model.Evaluation.Classes[index].Recall;
                html.Add($"<td class=\"number meter\" style=\"--fraction:{recall ?? 0}\">{ValueFormat.Percent(recall)}</td>");
            }
        }, "classes");

        double Differences(int index)
        {
            double[] recalls = [.. comparison.Models.Select(model => model.Evaluation.Classes[index].Recall ?? 0)];
            return recalls.Max() - recalls.Min();
        }
    }

    /// <summary>Which model is the most accurate.</summary>
    private static string Leader(ModelComparison comparison)
    {
        int most = comparison.Models.Max(model => model.Evaluation.Right);
        string[] best = [.. comparison.Models.Where(model => model.Evaluation.Right == most).Select(model => model.Name)];
        string right = $"{ValueFormat.Count(most)} of {ValueFormat.Images(comparison.Images)} ({ValueFormat.Percent(most / (double)comparison.Images)})";
        if (best.Length == comparison.Models.Count)
            return $"All models classify {right} correctly.";
        return best.Length == 1 ? $"{best[0]} is right most often: on {right}." : $"{string.Join(" and ", best)} are right most often: each on {right}.";
    }

    private static void WriteName(HtmlBuilder html, ComparedModel model) => html.Add($"<th scope=\"row\"><bdi>{model.Name}</bdi></th>");

    private static string Points(double fraction) => Invariant($"{100 * fraction:+0.0;\u22120.0;0.0}");

    private static string Speed(double value) => Invariant($"{value:0.0}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
