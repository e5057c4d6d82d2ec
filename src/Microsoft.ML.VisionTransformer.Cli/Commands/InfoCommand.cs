// info: shows the contents of a model file or a checkpoint.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Cli.Training;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class InfoCommand
{
    private const int MaxListedClasses = 12;

    internal static ExampleCommand Create(CommandContext context)
    {
        var model = SharedOptions.Model();
        var format = OutputFormats.Option(OutputFormat.Text, OutputFormat.Text, OutputFormat.Json);
        var command = new ExampleCommand(
            "info",
            "Shows the contents of a model file or a checkpoint.",
            ("A trained model", "info flowers.zip"),
            ("A checkpoint", "info model.safetensors"),
            ("All details, including the epochs, as JSON", "info flowers.zip --format json"))
        {
            model, format,
        };
        command.SetAction(parsed =>
        {
            var facts = ModelFacts.Of(context.CreateMLContext(), parsed.GetValue(model)!, context.WriteMessage, context.Cancellation);
            if (parsed.GetValue(format) == OutputFormat.Json)
                context.Out.WriteLine(JsonLine.Of(facts));
            else
                Write(context.Out, facts);
            return ExitCode.Done;
        });
        return command;
    }

    private static void Write(TextWriter output, ModelFacts facts)
    {
        output.WriteLine($"{facts.Path}: {facts.Kind}");
        foreach (var (name, value) in Lines(facts))
            output.WriteLine($"  {name,-14} {value}");
    }

    private static IEnumerable<(string Name, string Value)> Lines(ModelFacts facts)
    {
        var (network, images) = (facts.Architecture, facts.Preprocessing);
        if (facts.Layout is { } layout)
            yield return ("layout", layout);
        yield return ("network", Invariant($"{network.Name}: images of {network.ImageSize}, patches of {network.PatchSize}, {network.Depth} blocks of width {network.EmbeddingDimension} with {network.Heads} heads"));
        yield return ("parameters", Invariant($"{facts.Parameters:N0}"));
        yield return ("images", Invariant($"{images.Resizing}, {images.Interpolation}, crop {images.CropFraction:0.###}; mean {string.Join(' ', images.Mean)}, deviation {string.Join(' ', images.StandardDeviation)}"));
        if (facts.Classes is { } classes)
            yield return ("classes", Invariant($"{classes.Count}: {MessageText.List(classes, MaxListedClasses)}"));
        if (facts.Features is { } kind)
            yield return ("features", kind.ToString());
        if (facts.Columns is { } columns)
            yield return ("columns", string.Join(", ", columns.Select(c => $"{c.Key} ({c.Value})")));
        if (facts.Parts is { } parts)
            yield return ("parts", string.Join(", ", parts));
        if (facts.Temperature is { } temperature and not 1)
            yield return ("temperature", Invariant($"{temperature:0.###}"));
        if (facts.Training is { } training)
            yield return ("training", TrainingSummary.Of(training));
        foreach (string note in facts.Notes ?? [])
            yield return ("note", note);
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
