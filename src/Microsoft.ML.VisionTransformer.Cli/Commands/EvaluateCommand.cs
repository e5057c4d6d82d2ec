// evaluate: metrics of a model on labeled images.
using System.CommandLine;
using Microsoft.ML.VisionTransformer.Cli.Distributed;
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class EvaluateCommand
{
    internal static ExampleCommand Create(CommandContext context)
    {
        var model = SharedOptions.Model();
        var data = new Option<string>("--data") { Description = "The images: folder/class/image, or a .csv file with the columns ImagePath and Label.", HelpName = "folder", Required = true };
        var format = OutputFormats.Option(OutputFormat.Text, OutputFormat.Text, OutputFormat.Json, OutputFormat.Csv);
        var report = new Option<string>("--report") { Description = "Write an HTML report to this file.", HelpName = "file.html" };
        var force = OutputFile.ForceOption();
        var onInvalidImage = SharedOptions.InvalidImage();
        var command = new ExampleCommand(
            "evaluate",
            "Evaluates a model on labeled images.",
            ("Accuracy and confusion", "evaluate flowers.zip --data test-photos"),
            ("The test images that train held out", "evaluate flowers.zip --data flowers.test.csv"),
            ("A report with images", "evaluate flowers.zip --data test-photos --report flowers.html"),
            ("As JSON, for another program", "evaluate flowers.zip --data test-photos --format json"))
        {
            model, data, format, report, force, onInvalidImage,
        };
        command.SupportsMultipleProcesses = true;
        command.SetAction(parsed => Run(
            context, parsed.GetValue(model)!, parsed.GetValue(data)!, parsed.GetValue(format) ?? OutputFormat.Text, parsed.GetValue(report), parsed.GetValue(force), parsed.GetValue(onInvalidImage) == InvalidImageHandling.Skip));
        return command;
    }

    private static int Run(CommandContext context, string path, string data, OutputFormat format, string? report, bool force, bool skipInvalid)
    {
        string? reportPath = report is null || !context.Group.IsMain ? null : OutputFile.Prepare(report, force, path, data);
        var mlContext = context.CreateMLContext(needsLibtorch: reportPath is not null);    // a report has attention maps
        var images = LabeledImages.Read(mlContext, "--data", data, context.WriteMessage);
        ConsistencyCheck.Run(context.Group, path, images.Select(image => $"{image.Label}/{Path.GetFileName(image.Image)}"));
        using var model = Classifier.Open(mlContext, path);
        var evaluation = context.WithProgress(display => Evaluator.Run(model, images, skipInvalid, context, display));
        EvaluationWriter.Write(context.Out, model.Classes.Names, evaluation.Evaluation, format);
        foreach (var skipped in evaluation.Skipped)
            context.WriteMessage($"skipped {MessageText.OfPath(skipped.Image.Name)}: {skipped.Problem}");
        if (reportPath is not null)
        {
            HtmlReport.Write(reportPath, ModelReport.OfEvaluation(model, path, data, images, evaluation));
            context.WriteMessage($"Report: {report}");
        }

        return ExitCode.Done;
    }
}
