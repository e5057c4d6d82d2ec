// Loss and accuracy over the epochs.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class TrainingSection
{
    /// <summary>A line needs at least two points.</summary>
    private const int MinPlotEpochs = 2;

    private static readonly TableColumn[] _columns =
        [new("Epoch"), new("Loss, training"), new("Loss, validation"), new("Accuracy, training"), new("Accuracy, validation"), new("Learning rate")];

    internal static void Write(HtmlBuilder html, ReportContent content)
    {
        if (content.Epochs.Count >= MinPlotEpochs)
        {
            html.Add($"<div class=\"plots\">");
            DrawLoss(html, content);
            DrawAccuracy(html, content);
            html.Add($"</div>");
            WriteReading(html, content);
            html.Add($"<details><summary>The curves as a table</summary>");
            WriteTable(html, content);
            html.Add($"</details>");
        }
        else
        {
            WriteTable(html, content);
            WriteReading(html, content);
        }
    }

    private static void WriteReading(HtmlBuilder html, ReportContent content)
    {
        html.Add($"<p>{CurveReading.Verdict(content)}</p><p class=\"note\">{CurveReading.Measurement(content)}</p>");
        if (content is { ProbeAccuracy: { } probe, Strategy: not TrainingStrategy.LinearProbe })
            html.Add(
                $"<p>For comparison: a linear probe, which trains only the head of the pretrained network, reaches <strong>{ValueFormat.Percent(probe)}</strong> in " +
                $"cross-validation on the training images.</p>");
    }

    private static void DrawLoss(HtmlBuilder html, ReportContent content)
    {
        LineSeries[] series = Measured(content, e => e.TrainingLoss, e => e.ValidationLoss);
        if (series.Length == 0)
            return;
        var plot = new LinePlot
        {
            Id = "loss",
            Title = "Loss",
            Description = Describe("The loss", series, ValueFormat.Loss),
            Series = series,
            Ticks = AxisTicks.Enclosing(0, series.SelectMany(s => s.Points).Max(p => p.Value)),
            Format = value => value.ToString("0.###", CultureInfo.InvariantCulture),
            BestEpoch = content.BestEpoch,
        };
        plot.Draw(html);
    }

    private static void DrawAccuracy(HtmlBuilder html, ReportContent content)
    {
        LineSeries[] series = Measured(content, e => e.TrainingAccuracy, e => e.ValidationAccuracy);
        if (series.Length == 0)
            return;
        var values = series.SelectMany(s => s.Points).Select(p => p.Value).ToArray();
        var plot = new LinePlot
        {
            Id = "accuracy",
            Title = "Accuracy",
            Description = Describe("The accuracy", series, value => ValueFormat.Percent(value)),
            Series = series,
            Ticks = AxisTicks.Enclosing(values.Min(), values.Max(), most: 1),
            Format = ValueFormat.WholePercent,
            BestEpoch = content.BestEpoch,
        };
        plot.Draw(html);
    }

    private static LineSeries[] Measured(ReportContent content, Func<ReportEpoch, double?> training, Func<ReportEpoch, double?> validation)
    {
        LineSeries[] both =
            [LineSeries.Of("training", "training", content.Epochs, training), LineSeries.Of("validation", "validation", content.Epochs, validation)];
        return [.. both.Where(series => series.Points.Count > 0)];
    }

    private static string Describe(string what, LineSeries[] series, Func<double?, string> format) => string.Join(' ', series.Select(s =>
        $"{what} in {s.Name} goes from {format(s.Points[0].Value)} in epoch {s.Points[0].X} " +
        $"to {format(s.Points[^1].Value)} in epoch {s.Points[^1].X}."));

    private static void WriteTable(HtmlBuilder html, ReportContent content) =>
        ReportTable.Write(html, "Metrics of each epoch", _columns, content.Epochs, epoch => WriteRow(html, content.BestEpoch, epoch));

    private static void WriteRow(HtmlBuilder html, int? best, ReportEpoch epoch)
    {
        html.Add($"<th scope=\"row\" class=\"number\">{epoch.Epoch}{(epoch.Epoch == best ? " (best)" : "")}</th>");
        html.Add($"<td class=\"number\">{ValueFormat.Loss(epoch.TrainingLoss)}</td><td class=\"number\">{ValueFormat.Loss(epoch.ValidationLoss)}</td>");
        html.Add($"<td class=\"number\">{ValueFormat.Percent(epoch.TrainingAccuracy)}</td><td class=\"number\">{ValueFormat.Percent(epoch.ValidationAccuracy)}</td>");
        html.Add($"<td class=\"number\">{ValueFormat.Rate(epoch.LearningRate)}</td>");
    }
}
