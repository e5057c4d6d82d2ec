// features: embeddings of images, as input of other trainers.
using System.CommandLine;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Distributed;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class FeaturesCommand
{
    internal static ExampleCommand Create(CommandContext context)
    {
        var model = SharedOptions.Model();
        var images = SharedOptions.Images();
        var path = new Option<string?>("--out") { Description = "The output file. Default: standard output.", HelpName = "file" };
        var force = OutputFile.ForceOption();
        var kind = ChoiceOption.One<FeatureKind>("--kind", "Kind of embedding. Default pooled: the input of the network's own head.");
        var normalize = new Option<bool>("--normalize") { Description = "Scale each embedding to unit length." };
        var device = new Option<string?>("--device") { Description = "auto, cpu, cuda, cuda:1 or mps. Default auto.", HelpName = "name" };
        var format = OutputFormats.Option(OutputFormat.Csv, OutputFormat.Csv, OutputFormat.Json);
        var command = new ExampleCommand(
            "features",
            "Writes the embeddings of images.",
            ("A table for another trainer", "features facebook/dinov2-small photos --out photos.csv"),
            ("Embeddings of a trained classifier, with unit length", "features flowers.zip photos --normalize --format json"))
        {
            model, images, path, force, kind, normalize, device, format,
        };
        command.SupportsMultipleProcesses = true;
        command.SetAction(parsed => Run(
            context,
            parsed.GetValue(model)!,
            parsed.GetValue(images)!,
            parsed.GetValue(path),
            parsed.GetValue(force),
            new VisionTransformerFeatureOptions
            {
                Kind = parsed.GetValue(kind),
                Normalize = parsed.GetValue(normalize),
                Device = parsed.GetValue(device) ?? "auto",
                CancellationToken = context.Cancellation,
            },
            parsed.GetValue(format) ?? OutputFormats.OfFile(parsed.GetValue(path)) ?? OutputFormat.Csv));
        return command;
    }

    private static int Run(CommandContext context, string model, string[] inputs, string? path, bool force, VisionTransformerFeatureOptions options, OutputFormat format)
    {
        context.InUserTerms = message => message.Replace("Device = \"auto\"", "--device auto", StringComparison.Ordinal).Replace("Device is ", "--device is ", StringComparison.Ordinal);
        string? output = path is null || !context.Group.IsMain ? null : OutputFile.Prepare(path, force, model);
        using var embedder = Embedder.Open(context.CreateMLContext(needsLibtorch: options.Device is not ("auto" or "cpu")), model, options);
        using var found = InputImages.Find(inputs, context.OpenInput, context.Cancellation);
        ConsistencyCheck.Run(context.Group, model, found.Images.Select(image => image.Name));
        var problems = new List<string>();
        OutputFile.WriteTo(output, context.Out, writer => context.WithProgress(
            display =>
            {
                if (format == OutputFormat.Csv)
                    writer.WriteLine(CsvRecord.Of(["path", "error", .. Enumerable.Range(0, embedder.Dimension).Select(i => (object?)string.Create(CultureInfo.InvariantCulture, $"f{i}"))]));
                int done = 0;
                foreach (var scored in DistributedScoring.Score(context.Group, embedder, found.Images, context.Cancellation))
                {
                    writer.WriteLine(Line(scored, format, embedder.Dimension));
                    if (scored.Problem is not null)
                        problems.Add($"{MessageText.OfPath(scored.Image.Name)}: {scored.Problem}");
                    display.Images("images", ++done, found.Images.Count);
                }

                return done;
            },
            resultsAreShown: path is null));
        return context.ReportProblems(problems, found.Images.Count);
    }

    private static string Line(ScoredImage scored, OutputFormat format, int dimension) => format == OutputFormat.Json
        ? JsonLine.Of(new { Path = scored.Image.Name, Features = scored.Values, Error = scored.Problem })
        : CsvRecord.Of([scored.Image.Name, scored.Problem, .. scored.Values?.Select(n => (object?)n) ?? Enumerable.Repeat<object?>(null, dimension)]);
}
