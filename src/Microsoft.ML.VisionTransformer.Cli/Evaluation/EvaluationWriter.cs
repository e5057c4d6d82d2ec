// Writes the metrics of an evaluation as text, JSON or CSV.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Evaluation;

internal static class EvaluationWriter
{
    private const int MaxMatrixClasses = 15;

    internal static void Write(TextWriter output, IReadOnlyList<string> classes, EvaluationResult evaluation, OutputFormat format)
    {
        switch (format)
        {
            case OutputFormat.Json:
                WriteJson(output, classes, evaluation);
                break;
            case OutputFormat.Csv:
                WriteTable(output, classes, evaluation);
                break;
            default:
                WriteText(output, classes, evaluation);
                break;
        }
    }

    private static void WriteJson(TextWriter output, IReadOnlyList<string> classes, EvaluationResult evaluation) => output.WriteLine(JsonLine.Of(new
    {
        Images = evaluation.Rows.Count,
        MicroAccuracy = evaluation.Accuracy,
        evaluation.MacroAccuracy,
        evaluation.Probabilities.LogLoss,
        Classes = evaluation.Classes.Select(metrics => new { Name = classes[metrics.Index], Images = metrics.Support, metrics.Precision, metrics.Recall }),
        Confusion = Enumerable.Range(0, evaluation.Classes.Count).Select(row => Row(evaluation, row)),
    }));

    private static void WriteTable(TextWriter output, IReadOnlyList<string> classes, EvaluationResult evaluation)
    {
        output.WriteLine(CsvRecord.Of("label", "images", "precision", "recall"));
        foreach (var metrics in evaluation.Classes)
            output.WriteLine(CsvRecord.Of([classes[metrics.Index], metrics.Support, metrics.Precision, metrics.Recall]));
    }

    private static void WriteText(TextWriter output, IReadOnlyList<string> classes, EvaluationResult evaluation)
    {
        output.WriteLine(Invariant($"{ValueFormat.Images(evaluation.Rows.Count)}: accuracy {PercentText.Of(evaluation.Accuracy)}, mean per-class accuracy {PercentText.Of(evaluation.MacroAccuracy)}, log loss {evaluation.Probabilities.LogLoss:F3}"));
        output.WriteLine();
        int width = Math.Max("class".Length, classes.Max(name => name.Length));
        bool matrix = evaluation.Classes.Count <= MaxMatrixClasses;
        string columns = matrix ? "   predicted as " + string.Concat(Enumerable.Range(0, evaluation.Classes.Count).Select(i => Invariant($"{i,5}"))) : "";
        output.WriteLine($"     {"class".PadRight(width)}  images  precision  recall{columns}");
        foreach (var metrics in evaluation.Classes)
        {
            int i = metrics.Index;
            string row = matrix ? new string(' ', "   predicted as ".Length) + string.Concat(Row(evaluation, i).Select(n => Invariant($"{n,5}"))) : "";
            output.WriteLine(Invariant($"{i,3}  {classes[i].PadRight(width)}  {metrics.Support,6}  {Percent(metrics.Precision),9}  {Percent(metrics.Recall),6}{row}"));
        }
    }

    private static int[] Row(EvaluationResult evaluation, int truth) => [.. Enumerable.Range(0, evaluation.Classes.Count).Select(predicted => evaluation.Confusion[truth, predicted])];

    private static string Percent(double? fraction) => fraction is { } value ? PercentText.Of(value) : "-";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
