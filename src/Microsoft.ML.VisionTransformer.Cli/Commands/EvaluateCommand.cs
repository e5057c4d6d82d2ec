// evaluate: how well a model does on labelled images.
using System.CommandLine;
using Microsoft.ML.VisionTransformer.Cli.Distributed;
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class EvaluateCommand
{
    internal static ExampleCommand Create(CommandContext shell)
    {
        var model = ModelArgument.Create();
        var data = new Option<string>("--data") { Description = "The images: folder/class/image, or a .csv file with the columns ImagePath and Label.", HelpName = "folder", Required = true };
        var format = OutputFormats.Option(OutputFormat.Text, OutputFormat.Text, OutputFormat.Json, OutputFormat.Csv);
        var report = new Option<string>("--report") { Description = "Write a report there.", HelpName = "file.html" };
        var onInvalidImage = OnInvalidImage.Option();
        var command = new ExampleCommand(
            "evaluate",
            "Judges a model on labelled images.",
            ("Accuracy and confusion", "evaluate flowers.zip --data test-photos"),
            ("The images that train kept for judging", "evaluate flowers.zip --data flowers.test.csv"),
            ("A report with pictures", "evaluate flowers.zip --data test-photos --report flowers.html"),
            ("For another program", "evaluate flowers.zip --data test-photos --format json"))
        {
            model, data, format, report, onInvalidImage,
        };
        command.FractionsItsWork = true;
        command.SetAction(parsed => Run(
            shell, parsed.GetValue(model)!, parsed.GetValue(data)!, parsed.GetValue(format) ?? OutputFormat.Text, parsed.GetValue(report), parsed.GetValue(onInvalidImage) == InvalidImageHandling.Skip));
        return command;
    }

    private static int Run(CommandContext shell, string path, string data, OutputFormat format, string? report, bool skipInvalid)
    {
        string? reportPath = report is null || !shell.Group.IsMain ? null : OutputFile.Prepare(report);
        var context = shell.NewContext();
        var images = LabeledImages.Read(context, data);
        Agreement.Check(shell.Group, path, images.Select(image => $"{image.Label}/{Path.GetFileName(image.Image)}"));
        using var model = Classifier.Open(context, path);
        var evaluation = shell.WithProgress(display => Evaluator.Run(model, images, skipInvalid, shell, display));
        EvaluationWriter.Write(shell.Out, model.Classes.Names, evaluation.Evaluation, format);
        foreach (var skipped in evaluation.Skipped)
            shell.WriteMessage($"skipped {skipped.Image.Name}: {skipped.Problem}");
        if (reportPath is not null)
        {
            HtmlReport.Write(reportPath, ModelReport.OfEvaluation(model, path, data, images, evaluation));
            shell.WriteMessage($"Report: {report}");
        }

        return ExitCode.Done;
    }
}
