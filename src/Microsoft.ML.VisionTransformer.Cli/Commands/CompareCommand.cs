// compare: several models on the same labeled images, as text and as one page.
using System.CommandLine;
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class CompareCommand
{
    private const string DefaultPage = "compare.html";

    internal static ExampleCommand Create(CommandContext context)
    {
        var models = new Argument<string[]>("models")
        {
            Description = "Two or more models: ML.NET model.zip files, checkpoint files or folders, or hub names owner/name. The others are compared with the first.",
            Arity = ArgumentArity.OneOrMore,
        };
        var data = new Option<string>("--data") { Description = "The images: folder/class/image, or a .csv file with the columns ImagePath and Label.", HelpName = "folder", Required = true };
        var page = new Option<string?>("--out") { Description = $"The page to write. Default {DefaultPage}.", HelpName = "file.html" };
        var force = OutputFile.ForceOption();
        var format = OutputFormats.Option(OutputFormat.Text, OutputFormat.Text, OutputFormat.Json);
        var onInvalidImage = SharedOptions.InvalidImage();
        var command = new ExampleCommand(
            "compare",
            "Compares models on the same labeled images: accuracy, speed, size, and the images on which they disagree.",
            ("Two models", "compare old.zip new.zip --data test-photos"),
            ("Three models, on the test images that train held out", "compare tiny.zip small.zip base.zip --data tiny.test.csv --out sizes.html"),
            ("As JSON, for another program", "compare old.zip new.zip --data test-photos --format json"))
        {
            models, data, page, force, format, onInvalidImage,
        };
        command.SetAction(parsed => Run(
            context,
            parsed.GetValue(models)!,
            parsed.GetValue(data)!,
            OutputFile.Prepare(parsed.GetValue(page) ?? DefaultPage, parsed.GetValue(force), [.. parsed.GetValue(models)!, parsed.GetValue(data)!]),
            parsed.GetValue(format) ?? OutputFormat.Text,
            parsed.GetValue(onInvalidImage) == InvalidImageHandling.Skip));
        return command;
    }

    private static int Run(CommandContext context, string[] paths, string data, string page, OutputFormat format, bool skipInvalid)
    {
        if (paths.Length < 2)
            throw new UsageException("compare needs at least two models: compare old.zip new.zip --data test-photos.");
        var mlContext = context.CreateMLContext();
        var images = LabeledImages.Read(mlContext, "--data", data, context.WriteMessage);
        var models = new List<NamedModel>();
        try
        {
            foreach (var (path, name) in paths.Zip(NamedModel.NamesOf(paths)))
                models.Add(new NamedModel(name, path, Classifier.Open(mlContext, path)));
            var comparison = context.WithProgress(display => ModelComparer.Run(models, data, images, skipInvalid, display, context.Cancellation));
            foreach (var model in models)
                WarnIfTrainedOn(mlContext, model, data, images, context);
            ComparisonWriter.Write(context.Out, comparison, format);
            foreach (var skipped in comparison.Skipped)
                context.WriteMessage($"skipped {skipped.Name}: {skipped.Reason}");
            ComparisonReport.Write(page, comparison, Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(data))), DateTimeOffset.Now);
            context.WriteMessage($"Page: {DisplayPath.Of(page)}");
        }
        finally
        {
            models.ForEach(model => model.Classifier.Dispose());
        }

        return ExitCode.Done;
    }

    /// <summary>
    /// A model has a list of its own test images beside it. Other images from the folders of that list are most likely those that it was trained on, so
    /// its accuracy on them says little.
    /// </summary>
    private static void WarnIfTrainedOn(MLContext mlContext, NamedModel model, string data, LabeledImage[] images, CommandContext context)
    {
        string list = LabeledImages.TestListOf(model.Path);
        if (!File.Exists(list) || OutputFile.IsSameFile(list, data))
            return;
        var own = LabeledImages.ReadTestList(mlContext, list, context.WriteMessage).Select(image => Path.GetFullPath(image.Image)).ToHashSet(StringComparer.Ordinal);
        var folders = own.Select(Path.GetDirectoryName).ToHashSet(StringComparer.Ordinal);
        int trained = images.Select(image => Path.GetFullPath(image.Image)).Count(path => !own.Contains(path) && folders.Contains(Path.GetDirectoryName(path)));
        if (trained > 0)
        {
            context.WriteMessage(
                $"warning: {model.Name} was probably trained on {trained} of these {ValueFormat.Images(images.Length)}: they are not in {MessageText.OfPath(DisplayPath.Of(list))}. "
                + "Its accuracy here is too high. Compare models of the same --seed on their common test list, or use other photos.");
        }
    }
}
