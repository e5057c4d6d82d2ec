// features: what a network makes of images before its head, for other learners.
using System.CommandLine;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Distributed;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class FeaturesCommand
{
    internal static ExampleCommand Create(CommandContext shell)
    {
        var model = ModelArgument.Create();
        var images = ModelArgument.Images();
        var path = new Option<string?>("--out") { Description = "The file. Default: standard output.", HelpName = "file" };
        var kind = ChoiceOption.One<FeatureKind>("--kind", "Which embedding. Default pooled: what the network's own head sees.");
        var normalize = new Option<bool>("--normalize") { Description = "Divide each embedding by its length." };
        var device = new Option<string?>("--device") { Description = "auto, cpu, cuda, cuda:1 or mps. Default auto.", HelpName = "name" };
        var format = OutputFormats.Option(OutputFormat.Csv, OutputFormat.Csv, OutputFormat.Json);
        var command = new ExampleCommand(
            "features",
            "Writes the embeddings of images.",
            ("A table for another learner", "features facebook/dinov2-small photos --out photos.csv"),
            ("What a trained classifier sees, of length 1", "features flowers.zip photos --normalize --format json"))
        {
            model, images, path, kind, normalize, device, format,
        };
        command.FractionsItsWork = true;
        command.SetAction(parsed => Run(
            shell,
            parsed.GetValue(model)!,
            parsed.GetValue(images)!,
            parsed.GetValue(path),
            new VisionTransformerFeatureOptions
            {
                Kind = parsed.GetValue(kind),
                Normalize = parsed.GetValue(normalize),
                Device = parsed.GetValue(device) ?? "auto",
                CancellationToken = shell.Cancellation,
            },
            parsed.GetValue(format) ?? OutputFormat.Csv));
        return command;
    }

    private static int Run(CommandContext shell, string model, string[] inputs, string? path, VisionTransformerFeatureOptions options, OutputFormat format)
    {
        using var embedder = Embedder.Open(shell.NewContext(), model, options);
        using var found = InputImages.Find(inputs, shell.OpenInput);
        Agreement.Check(shell.Group, model, found.Images.Select(image => image.Name));
        var problems = new List<string>();
        OutputFile.WriteTo(shell.Group.IsMain ? path : null, shell.Out, output => shell.WithProgress(
            display =>
            {
                if (format == OutputFormat.Csv)
                    output.WriteLine(CsvRecord.Of(["path", "error", .. Enumerable.Range(0, embedder.Dimension).Select(i => (object?)string.Create(CultureInfo.InvariantCulture, $"f{i}"))]));
                int done = 0;
                foreach (var scored in SharedScoring.Score(shell.Group, embedder, found.Images, shell.Cancellation))
                {
                    output.WriteLine(Line(scored, format, embedder.Dimension));
                    if (scored.Problem is not null)
                        problems.Add($"{scored.Image.Name}: {scored.Problem}");
                    display.Images("images", ++done, found.Images.Count);
                }

                return done;
            },
            resultsAreShown: path is null));
        return Failures.Report(shell, problems, found.Images.Count);
    }

    private static string Line(ScoredImage scored, OutputFormat format, int dimension) => format == OutputFormat.Json
        ? JsonLine.Of(new { Path = scored.Image.Name, Features = scored.Values, Error = scored.Problem })
        : CsvRecord.Of([scored.Image.Name, scored.Problem, .. scored.Values?.Select(n => (object?)n) ?? Enumerable.Repeat<object?>(null, dimension)]);
}
