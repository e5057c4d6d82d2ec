// predict: the most probable classes of images.
using System.CommandLine;
using Microsoft.ML.VisionTransformer.Cli.Distributed;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class PredictCommand
{
    internal static ExampleCommand Create(CommandContext context)
    {
        var model = SharedOptions.Model();
        var images = SharedOptions.Images();
        var format = OutputFormats.Option(OutputFormat.Text, OutputFormat.Text, OutputFormat.Json, OutputFormat.Csv);
        var top = SharedOptions.Whole("--top", "Number of classes per image; 0 lists all. Default 3.", least: 0);
        var path = new Option<string?>("--out") { Description = "The output file. Default: standard output.", HelpName = "file" };
        var force = OutputFile.ForceOption();
        var command = new ExampleCommand(
            "predict",
            "Predicts the classes of images.",
            ("One image", "predict flowers.zip photo.jpg"),
            ("A folder, as a table", "predict flowers.zip photos --format csv --out photos.csv"),
            ("Paths from another program", "find . -name '*.jpg' -mtime -1 | mlnet-vit predict flowers.zip - --format json"),
            ("An image from standard input", "predict flowers.zip - < photo.jpg"),
            ("A large folder, with eight processes", "mpirun -n 8 mlnet-vit predict flowers.zip photos --format csv --out photos.csv"),
            ("A public model with its own classes", "predict google/vit-base-patch16-224 photo.jpg"))
        {
            model, images, path, force, format, top,
        };
        command.SupportsMultipleProcesses = true;
        command.SetAction(parsed => Run(
            context,
            parsed.GetValue(model)!,
            parsed.GetValue(images)!,
            parsed.GetValue(path) is { } file && context.Group.IsMain ? OutputFile.Prepare(file, parsed.GetValue(force), parsed.GetValue(model)!) : null,
            parsed.GetValue(format) ?? OutputFormats.OfFile(parsed.GetValue(path)) ?? OutputFormat.Text,
            parsed.GetValue(top) ?? 3));
        return command;
    }

    private static int Run(CommandContext context, string model, string[] inputs, string? path, OutputFormat format, int top)
    {
        using var classifier = Classifier.Open(context.CreateMLContext(), model);
        using var found = InputImages.Find(inputs, context.OpenInput, context.Cancellation);
        ConsistencyCheck.Run(context.Group, model, found.Images.Select(image => image.Name));
        int shown = top == 0 ? classifier.Classes.Count : Math.Min(top, classifier.Classes.Count);
        var problems = new List<string>();
        OutputFile.WriteTo(path, context.Out, output => context.WithProgress(
            display =>
            {
                var writer = new PredictionWriter(output, format, classifier.Classes.Names, shown);
                writer.Begin();
                int done = 0;
                foreach (var scored in DistributedScoring.Score(context.Group, classifier, found.Images, context.Cancellation))
                {
                    writer.Write(scored);
                    if (scored.Problem is not null)
                        problems.Add($"{MessageText.OfPath(scored.Image.Name)}: {scored.Problem}");
                    display.Images("images", ++done, found.Images.Count);
                }

                return done;
            },
            resultsAreShown: path is null));
        return context.ReportProblems(problems, found.Images.Count);
    }
}
