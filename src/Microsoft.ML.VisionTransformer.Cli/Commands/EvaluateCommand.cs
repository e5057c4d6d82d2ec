// evaluate: how well a model does on labelled images.
using System.CommandLine;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Judging;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Processes;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class EvaluateCommand
{
    internal static ExampleCommand Create(Shared shell)
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
        command.SharesItsWork = true;
        command.SetAction(parsed => Run(
            shell, parsed.GetValue(model)!, parsed.GetValue(data)!, parsed.GetValue(format) ?? OutputFormat.Text, parsed.GetValue(report), parsed.GetValue(onInvalidImage) == InvalidImageHandling.Skip));
        return command;
    }

    private static int Run(Shared shell, string path, string data, OutputFormat format, string? report, bool skipInvalid)
    {
        string? reportPath = report is null || !shell.Team.IsMain ? null : OutputFile.Prepare(report);
        var context = shell.NewContext();
        var images = LabelledImages.Read(context, data);
        Agreement.Check(shell.Team, path, images.Select(image => $"{image.Label}/{Path.GetFileName(image.Image)}"));
        using var model = Classifier.Open(context, path);
        var judgement = shell.WithProgress(display => Judge.Run(model, images, skipInvalid, shell, display));
        EvaluationWriter.Write(shell.Out, model.Classes.Names, judgement.Evaluation, format);
        foreach (var skipped in judgement.Skipped)
            shell.Tell($"skipped {skipped.Image.Name}: {skipped.Problem}");
        if (reportPath is not null)
        {
            HtmlReport.Write(reportPath, ModelReport.OfEvaluation(model, path, data, images, judgement));
            shell.Tell($"Report: {report}");
        }

        return ExitCode.Done;
    }
}
