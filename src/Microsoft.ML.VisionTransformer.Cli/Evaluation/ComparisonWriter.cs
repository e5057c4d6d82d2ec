// Writes a comparison of models as text or JSON.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Evaluation;

internal static class ComparisonWriter
{
    internal static void Write(TextWriter output, ModelComparison comparison, OutputFormat format)
    {
        if (format == OutputFormat.Json)
            WriteJson(output, comparison);
        else
            WriteText(output, comparison);
    }

    private static void WriteText(TextWriter output, ModelComparison comparison)
    {
        int width = Math.Max("model".Length, comparison.Models.Max(model => model.Name.Length));
        output.WriteLine(Invariant($"{ValueFormat.Images(comparison.Images)}, {comparison.ClassNames.Count} classes"));
        output.WriteLine();
        output.WriteLine($"{"model".PadRight(width)}  accuracy     95% interval  log loss  images/s  size in MB   parameters");
        foreach (var model in comparison.Models)
        {
            var interval = WilsonInterval.Of(model.Evaluation.Right, comparison.Images);
            string size = model.Bytes is { } bytes ? ValueFormat.Megabytes(bytes) : "-";
            output.WriteLine(Invariant(
                $"{model.Name.PadRight(width)}  {PercentText.Of(model.Evaluation.Accuracy),8}  {$"{PercentText.Of(interval.From)} to {PercentText.Of(interval.To)}",15}  {model.Evaluation.Probabilities.LogLoss,8:F3}  {model.ImagesPerSecond,8:F1}  {size,10}  {model.Parameters,11:N0}"));
        }

        output.WriteLine();
        foreach (var (model, difference) in comparison.Differences())
        {
            var (from, to) = difference.Interval;
            output.WriteLine(Invariant($"{model.Name} compared with {comparison.Models[0].Name}: {100 * difference.Difference:+0.0;-0.0;0.0} percentage points of accuracy (95% interval {100 * from:+0.0;-0.0;0.0} to {100 * to:+0.0;-0.0;0.0})."));
            output.WriteLine(difference.Sentence(comparison.Models[0].Name, model.Name));
        }

        output.WriteLine(Invariant($"The models disagree on {ValueFormat.Images(comparison.Disagreements().Count)}."));
    }

    private static void WriteJson(TextWriter output, ModelComparison comparison) => output.WriteLine(JsonLine.Of(new
    {
        comparison.Images,
        Classes = comparison.ClassNames,
        Models = comparison.Models.Select(model => new
        {
            model.Name,
            MicroAccuracy = model.Evaluation.Accuracy,
            AccuracyInterval = AccuracyInterval(model),
            model.Evaluation.MacroAccuracy,
            model.Evaluation.Probabilities.LogLoss,
            model.Evaluation.Probabilities.CalibrationError,
            model.ImagesPerSecond,
            model.Bytes,
            model.Parameters,
            model.Network,
        }),
        Differences = comparison.Differences().Select(pair => new
        {
            First = comparison.Models[0].Name,
            Other = pair.Model.Name,
            pair.Difference.OnlyFirst,
            pair.Difference.OnlyOther,
            pair.Difference.Difference,
            DifferenceInterval = Pair(pair.Difference.Interval),
            pair.Difference.PValue,
        }),
        Disagreements = comparison.Disagreements().Select(image => new
        {
            Image = image.Row.Name,
            Label = comparison.ClassNames[image.Row.Label],
            Predictions = image.Answers.Select(row => new { Label = comparison.ClassNames[row.Predicted], Probability = row.Confidence }),
        }),
        Skipped = comparison.Skipped.Select(file => new { Image = file.Name, file.Reason }),
    }));

    private static double[] AccuracyInterval(ComparedModel model)
    {
        var interval = WilsonInterval.Of(model.Evaluation.Right, model.Evaluation.Rows.Count);
        return [interval.From, interval.To];
    }

    private static double[] Pair((double From, double To) interval) => [interval.From, interval.To];

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
