// The learning curve of a linear probe: whether more photos would help.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class LearningCurveSection
{
    /// <summary>Gains from twice as many images: below the first the curve does not rise; if chance and the gain together are below the second, it is flat.</summary>
    private const double MinGain = 0.01, FlatGain = 0.03;

    private const string Title = "Accuracy by number of training images";

    internal static void Write(HtmlBuilder html, ReportContent content)
    {
        html.Add($"<p class=\"lead\">{Verdict(content.LearningCurve)}</p>");
        Draw(html, content.LearningCurve);
        html.Add(
            $"<p class=\"note\">Measured by cross-validation: a linear probe is trained on part of the training images and evaluated on images that it was not trained on. " +
            $"The features are computed only once, so this takes seconds.{(content.Strategy == TrainingStrategy.LinearProbe ? "" : " The model in this report was fine-tuned; the probe shows how well the pretrained features alone do with that many photos.")}</p>");
        html.Add($"<details><summary>The curve as a table</summary>");
        ReportTable.Write(html, Title, [new TableColumn("Training images"), new TableColumn("Accuracy")], content.LearningCurve, point =>
            html.Add($"<th scope=\"row\" class=\"number\">{ValueFormat.Count(point.Images)}</th><td class=\"number\">{ValueFormat.Percent(point.Accuracy)}</td>"));
        html.Add($"</details>");
    }

    /// <summary>Compares all images with half of them: whether the accuracy still rises, by more than its standard error.</summary>
    internal static string Verdict(IReadOnlyList<LearningPoint> curve)
    {
        var all = curve[^1];
        int half = all.Images / 2;
        if (curve[0].Images > half)
            return "The curve covers too few sizes to tell whether more photos would help.";
        double before = At(curve, half), gain = all.Accuracy - before;
        double error = Math.Sqrt(all.Accuracy * (1 - all.Accuracy) / all.Images);
        string figures = $"From {ValueFormat.Count(half)} to {ValueFormat.Count(all.Images)} training images the accuracy went from {ValueFormat.Percent(before)} to {ValueFormat.Percent(all.Accuracy)}";
        if (gain > Math.Max(MinGain, error))
            return $"{figures}: more photos would probably help, though each doubling usually adds less than the one before.";
        return gain + error < FlatGain
            ? $"{figures}: the curve is flat, and more photos of the same kind would probably add little. The mistakes show what else could help."
            : $"{figures}. With so few images the difference may be due to chance, so the curve cannot tell whether more photos would help.";
    }

    /// <summary>The accuracy at a number of images between the first and the last, on a logarithmic scale of images.</summary>
    private static double At(IReadOnlyList<LearningPoint> curve, int images)
    {
        int next = Enumerable.Range(0, curve.Count).First(i => curve[i].Images >= images);
        if (next == 0)
            return curve[0].Accuracy;
        var (from, to) = (curve[next - 1], curve[next]);
        double fraction = Math.Log(images / (double)from.Images) / Math.Log(to.Images / (double)from.Images);
        return from.Accuracy + fraction * (to.Accuracy - from.Accuracy);
    }

    private static void Draw(HtmlBuilder html, IReadOnlyList<LearningPoint> curve)
    {
        double[] values = [.. curve.Select(point => point.Accuracy)];
        new LinePlot
        {
            Id = "learning",
            Title = Title,
            Description = $"The accuracy goes from {ValueFormat.Percent(values[0])} with {ValueFormat.Images(curve[0].Images)} to {ValueFormat.Percent(values[^1])} with {ValueFormat.Images(curve[^1].Images)}.",
            Series = [new LineSeries("linear probe, cross-validation", "validation", [.. curve.Select(point => (point.Images, point.Accuracy))])],
            Ticks = AxisTicks.Enclosing(values.Min(), values.Max(), most: 1),
            Format = ValueFormat.WholePercent,
            Axis = "training images",
        }.Draw(html);
    }
}
