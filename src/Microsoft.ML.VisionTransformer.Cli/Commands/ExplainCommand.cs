// explain: which patches of an image support a class, as overlay images and as values.
using System.CommandLine;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class ExplainCommand
{
    internal static ExampleCommand Create(CommandContext context)
    {
        var model = SharedOptions.Model();
        var images = SharedOptions.Images();
        var folder = new Option<string?>("--out") { Description = "The folder for the overlay images. Default: the current folder.", HelpName = "folder" };
        var className = new Option<string?>("--class") { Description = "The class to explain. Default: the most probable one.", HelpName = "name" };
        var method = ChoiceOption.One<ExplanationMethod>("--method", "How to compute the map. Default gradient-attention.");
        var format = OutputFormats.Option(OutputFormat.Text, OutputFormat.Text, OutputFormat.Json);
        var command = new ExampleCommand(
            "explain",
            "Draws an overlay on each image that shows which patches support a class.",
            ("The predicted class", "explain flowers.zip photo.jpg --out why"),
            ("Another class", "explain flowers.zip photo.jpg --class tulips --out why"),
            ("The map as JSON", "explain flowers.zip photos --out why --format json"))
        {
            model, images, folder, className, method, format,
        };
        command.SetAction(parsed => Run(
            context,
            parsed.GetValue(model)!,
            parsed.GetValue(images)!,
            parsed.GetValue(folder) ?? ".",
            new ExplanationOptions { ClassName = parsed.GetValue(className), Method = parsed.GetValue(method) },
            parsed.GetValue(format) ?? OutputFormat.Text));
        return command;
    }

    private static int Run(CommandContext context, string model, string[] inputs, string folder, ExplanationOptions options, OutputFormat format)
    {
        using var classifier = Classifier.Open(context.CreateMLContext(), model);
        if (options.ClassName is { } name && classifier.Classes.Find(name) is { } index)
            options = options with { ClassName = null, ClassIndex = index };
        using var found = InputImages.Find(inputs, context.OpenInput, context.Cancellation);
        Directory.CreateDirectory(folder);
        var names = new OverlayNames(folder);
        var problems = new List<string>();
        int done = 0;
        return context.WithProgress(
            display =>
            {
                foreach (var image in found.Images)
                {
                    context.Cancellation.ThrowIfCancellationRequested();
                    if ((image.Problem ?? Explain(context.Out, classifier, image, options, names, format)) is { } problem)
                    {
                        problems.Add($"{MessageText.OfPath(image.Name)}: {problem}");
                        if (format == OutputFormat.Json)
                            context.Out.WriteLine(JsonLine.Of(new { Path = image.Name, Error = problem }));
                    }

                    display.Images("images", ++done, found.Images.Count);
                }

                return context.ReportProblems(problems, found.Images.Count);
            },
            resultsAreShown: true);
    }

    /// <summary>Writes the overlay image and a result line.</summary>
    /// <returns>Why the image cannot be used; null if it can.</returns>
    private static string? Explain(TextWriter output, Classifier classifier, InputImage image, ExplanationOptions options, OverlayNames names, OutputFormat format)
    {
        AttentionExplanation explanation;
        try
        {
            explanation = classifier.Network.Explain(image.Path, options);
        }
        catch (InvalidImageException e)
        {
            return ImageProblem.Of(e, image);
        }

        string overlay = names.For(image), label = classifier.Classes.Names[explanation.ClassIndex];
        explanation.SaveOverlay(overlay);
        output.WriteLine(format == OutputFormat.Json
            ? JsonLine.Of(new { Path = image.Name, Label = label, explanation.Probability, Overlay = overlay, explanation.Method, explanation.Rows, explanation.Columns, Map = explanation.Map.ToArray() })
            : string.Create(CultureInfo.InvariantCulture, $"{image.Name}: {label} {PercentText.Of(explanation.Probability)}, {overlay}"));
        return null;
    }
}

/// <summary>Names the overlay images: photo.jpg becomes photo-why.png; a second photo.jpg, from another folder, photo-2-why.png.</summary>
internal sealed class OverlayNames(string folder)
{
    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);

    internal string For(InputImage image)
    {
        string stem = image.Name == "-" ? "standard-input" : Path.GetFileNameWithoutExtension(image.Name);
        string name = stem;
        for (int i = 2; !_taken.Add(name); i++)
            name = string.Create(CultureInfo.InvariantCulture, $"{stem}-{i}");
        return Path.Combine(folder, $"{name}-why.png");
    }
}
