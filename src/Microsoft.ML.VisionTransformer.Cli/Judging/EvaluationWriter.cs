// Writes how well a model does, as text, JSON or a table of the classes.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Judging;

internal static class EvaluationWriter
{
    private const int MostClassesInMatrix = 15;

    internal static void Write(TextWriter output, Evaluation evaluation, OutputFormat format)
    {
        switch (format)
        {
            case OutputFormat.Json:
                WriteJson(output, evaluation);
                break;
            case OutputFormat.Csv:
                WriteTable(output, evaluation);
                break;
            default:
                WriteText(output, evaluation);
                break;
        }
    }

    private static void WriteJson(TextWriter output, Evaluation evaluation) => output.WriteLine(JsonLine.Of(new
    {
        Images = evaluation.Images.Count,
        evaluation.MicroAccuracy,
        evaluation.MacroAccuracy,
        evaluation.LogLoss,
        Classes = evaluation.ClassNames.Select((name, i) => new { Name = name, Images = evaluation.Count(i), Precision = Defined(evaluation.Precision(i)), Recall = Defined(evaluation.Recall(i)) }),
        Confusion = Enumerable.Range(0, evaluation.ClassNames.Count).Select(row => Row(evaluation, row)),
    }));

    private static void WriteTable(TextWriter output, Evaluation evaluation)
    {
        output.WriteLine("label,images,precision,recall");
        for (int i = 0; i < evaluation.ClassNames.Count; i++)
            output.WriteLine(CsvLine.Of([evaluation.ClassNames[i], evaluation.Count(i), Defined(evaluation.Precision(i)), Defined(evaluation.Recall(i))]));
    }

    private static void WriteText(TextWriter output, Evaluation evaluation)
    {
        output.WriteLine(Invariant($"{evaluation.Images.Count} images: accuracy {evaluation.MicroAccuracy:P1}, mean of the classes {evaluation.MacroAccuracy:P1}, log loss {evaluation.LogLoss:F3}"));
        output.WriteLine();
        int width = Math.Max("class".Length, evaluation.ClassNames.Max(name => name.Length));
        bool matrix = evaluation.ClassNames.Count <= MostClassesInMatrix;
        string columns = matrix ? "   predicted as " + string.Concat(Enumerable.Range(0, evaluation.ClassNames.Count).Select(i => Invariant($"{i,5}"))) : "";
        output.WriteLine($"     {"class".PadRight(width)}  images  precision  recall{columns}");
        for (int i = 0; i < evaluation.ClassNames.Count; i++)
        {
            string row = matrix ? new string(' ', "   predicted as ".Length) + string.Concat(Row(evaluation, i).Select(n => Invariant($"{n,5}"))) : "";
            output.WriteLine(Invariant($"{i,3}  {evaluation.ClassNames[i].PadRight(width)}  {evaluation.Count(i),6}  {Percent(evaluation.Precision(i)),9}  {Percent(evaluation.Recall(i)),6}{row}"));
        }
    }

    private static int[] Row(Evaluation evaluation, int truth) => [.. Enumerable.Range(0, evaluation.ClassNames.Count).Select(predicted => evaluation.Confusion[truth, predicted])];

    private static double? Defined(double share) => double.IsNaN(share) ? null : share;

    private static string Percent(double share) => double.IsNaN(share) ? "-" : Invariant($"{share:P1}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
