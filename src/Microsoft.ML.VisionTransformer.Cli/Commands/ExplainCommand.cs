// explain: which patches of images spoke for a class, as pictures and numbers.
using System.CommandLine;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class ExplainCommand
{
    internal static ExampleCommand Create(CommandContext shell)
    {
        var model = ModelArgument.Create();
        var images = ModelArgument.Images();
        var folder = new Option<string?>("--out") { Description = "The folder for the pictures. Default: the current one.", HelpName = "folder" };
        var className = new Option<string?>("--class") { Description = "The class to explain. Default: the most probable one.", HelpName = "name" };
        var method = ChoiceOption.One<ExplanationMethod>("--method", "How the map is made. Default gradient-attention.");
        var format = OutputFormats.Option(OutputFormat.Text, OutputFormat.Text, OutputFormat.Json);
        var command = new ExampleCommand(
            "explain",
            "Draws over images which of their patches spoke for a class.",
            ("Why this class", "explain flowers.zip photo.jpg --out why"),
            ("What speaks for another one", "explain flowers.zip photo.jpg --class tulips --out why"),
            ("The map as numbers", "explain flowers.zip photos --out why --format json"))
        {
            model, images, folder, className, method, format,
        };
        command.SetAction(parsed => Run(
            shell,
            parsed.GetValue(model)!,
            parsed.GetValue(images)!,
            parsed.GetValue(folder) ?? ".",
            new ExplanationOptions { ClassName = parsed.GetValue(className), Method = parsed.GetValue(method) },
            parsed.GetValue(format) ?? OutputFormat.Text));
        return command;
    }

    private static int Run(CommandContext shell, string model, string[] inputs, string folder, ExplanationOptions options, OutputFormat format)
    {
        using var classifier = Classifier.Open(shell.NewContext(), model);
        if (options.ClassName is { } name && classifier.Classes.Find(name) is { } index)
            options = options with { ClassName = null, ClassIndex = index };
        using var found = InputImages.Find(inputs, shell.OpenInput);
        Directory.CreateDirectory(folder);
        var names = new OverlayNames(folder);
        var problems = new List<string>();
        int done = 0;
        return shell.WithProgress(
            display =>
            {
                foreach (var image in found.Images)
                {
                    shell.Cancellation.ThrowIfCancellationRequested();
                    if ((image.Problem ?? Explain(shell.Out, classifier, image, options, names, format)) is { } problem)
                    {
                        problems.Add($"{image.Name}: {problem}");
                        if (format == OutputFormat.Json)
                            shell.Out.WriteLine(JsonLine.Of(new { Path = image.Name, Error = problem }));
                    }

                    display.Images("images", ++done, found.Images.Count);
                }

                return Failures.Report(shell, problems, found.Images.Count);
            },
            resultsAreShown: true);
    }

    /// <summary>Writes the picture and a line; gives what is wrong with the image.</summary>
    private static string? Explain(TextWriter output, Classifier classifier, InputImage image, ExplanationOptions options, OverlayNames names, OutputFormat format)
    {
        AttentionExplanation why;
        try
        {
            why = classifier.Network.Explain(image.Path, options);
        }
        catch (InvalidImageException e)
        {
            return ImageProblem.Of(e, image);
        }

        string overlay = names.For(image), label = classifier.Classes.Names[why.ClassIndex];
        why.SaveOverlay(overlay);
        output.WriteLine(format == OutputFormat.Json
            ? JsonLine.Of(new { Path = image.Name, Label = label, why.Probability, Overlay = overlay, why.Method, why.Rows, why.Columns, Map = why.Map.ToArray() })
            : string.Create(CultureInfo.InvariantCulture, $"{image.Name}: {label} {why.Probability:P1}, {overlay}"));
        return null;
    }
}
