// predict: the most probable classes of images.
using System.CommandLine;
using Microsoft.ML.VisionTransformer.Cli.Distributed;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class PredictCommand
{
    internal static ExampleCommand Create(CommandContext shell)
    {
        var model = ModelArgument.Create();
        var images = ModelArgument.Images();
        var format = OutputFormats.Option(OutputFormat.Text, OutputFormat.Text, OutputFormat.Json, OutputFormat.Csv);
        var top = new Option<int?>("--top") { Description = "Classes to name for each image; 0 names all. Default 3.", HelpName = "number" };
        top.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValueOrDefault<int?>() < 0)
                result.AddError("--top must be at least 0.");
        });
        var command = new ExampleCommand(
            "predict",
            "Says what is in images.",
            ("One image", "predict flowers.zip photo.jpg"),
            ("A folder, as a table", "predict flowers.zip photos --format csv > photos.csv"),
            ("What another program finds", "find . -name '*.jpg' -mtime -1 | mlnet-vit predict flowers.zip - --format json"),
            ("An image that is not a file", "predict flowers.zip - < photo.jpg"),
            ("A large folder, by eight processes", "mpirun -n 8 mlnet-vit predict flowers.zip photos --format csv > photos.csv"),
            ("A public model with its own classes", "predict google/vit-base-patch16-224 photo.jpg"))
        {
            model, images, format, top,
        };
        command.FractionsItsWork = true;
        command.SetAction(parsed => Run(shell, parsed.GetValue(model)!, parsed.GetValue(images)!, parsed.GetValue(format) ?? OutputFormat.Text, parsed.GetValue(top) ?? 3));
        return command;
    }

    private static int Run(CommandContext shell, string model, string[] inputs, OutputFormat format, int top)
    {
        using var classifier = Classifier.Open(shell.NewContext(), model);
        using var found = InputImages.Find(inputs, shell.OpenInput);
        Agreement.Check(shell.Group, model, found.Images.Select(image => image.Name));
        int shown = top == 0 ? classifier.Classes.Count : Math.Min(top, classifier.Classes.Count);
        var writer = new PredictionWriter(shell.Out, format, classifier.Classes.Names, shown);
        writer.Begin();
        int done = 0;
        var problems = new List<string>();
        shell.WithProgress(
            display =>
            {
                foreach (var scored in SharedScoring.Score(shell.Group, classifier, found.Images, shell.Cancellation))
                {
                    writer.Write(scored);
                    if (scored.Problem is not null)
                        problems.Add($"{scored.Image.Name}: {scored.Problem}");
                    display.Images("images", ++done, found.Images.Count);
                }

                return done;
            },
            resultsAreShown: true);
        return Failures.Report(shell, problems, found.Images.Count);
    }
}
