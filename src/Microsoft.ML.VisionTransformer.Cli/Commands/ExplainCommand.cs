// explain: which patches of an image support a class, as pictures and as values.
using System.CommandLine;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

internal static class ExplainCommand
{
    private const int MinSize = 64, MaxSize = 4096;

    internal static ExampleCommand Create(CommandContext context)
    {
        var model = SharedOptions.Model();
        var images = SharedOptions.Images();
        var folder = new Option<string?>("--out") { Description = "The folder for the pictures. Default: the current folder.", HelpName = "folder" };
        var className = new Option<string?>("--class") { Description = "The class to explain. Default: the most probable one.", HelpName = "name" };
        var method = ChoiceOption.One<ExplanationMethod>("--method", "How to compute the map. Default gradient-attention.");
        var size = new Option<int?>("--size") { Description = "Longest side of a photo in its picture, in pixels, from 64 to 4096. Default 640.", HelpName = "number" };
        var overlayOnly = new Option<bool>("--overlay-only") { Description = "Write only the network's input under the map, at the network's size, in place of the photo beside the map." };
        var noSheet = new Option<bool>("--no-sheet") { Description = "Write no contact sheet if there are several images." };
        var force = OutputFile.ForceOption();
        var format = OutputFormats.Option(OutputFormat.Text, OutputFormat.Text, OutputFormat.Json);
        size.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValueOrDefault<int?>() is < MinSize or > MaxSize)
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"--size must be from {MinSize} to {MaxSize}."));
        });
        var command = new ExampleCommand(
            "explain",
            "Draws which patches of each image support a class: the photo beside the map, and for several images a contact sheet.",
            ("The predicted class", "explain flowers.zip photo.jpg --out why"),
            ("Another class", "explain flowers.zip photo.jpg --class tulips --out why"),
            ("A folder, with a contact sheet", "explain flowers.zip photos --out why"),
            ("The map as JSON", "explain flowers.zip photos --out why --format json"))
        {
            model, images, folder, force, className, method, size, overlayOnly, noSheet, format,
        };
        command.SetAction(parsed =>
        {
            var options = new ExplanationOptions { ClassName = parsed.GetValue(className), Method = parsed.GetValue(method) };
            if (parsed.GetValue(size) is { } photoSize)
                options = options with { PhotoSize = photoSize };
            using var found = InputImages.Find(parsed.GetValue(images)!, context.OpenInput, context.Cancellation);
            var outputs = new ExplanationFiles(parsed.GetValue(folder) ?? ".", found.Images, hasSheet: !parsed.GetValue(noSheet));
            outputs.Prepare(parsed.GetValue(force));
            return Run(context, parsed.GetValue(model)!, outputs, options, parsed.GetValue(overlayOnly), parsed.GetValue(format) ?? OutputFormat.Text);
        });
        return command;
    }

    private static int Run(CommandContext context, string model, ExplanationFiles files, ExplanationOptions options, bool overlayOnly, OutputFormat format)
    {
        using var classifier = Classifier.Open(context.CreateMLContext(needsLibtorch: true), model);
        if (options.ClassName is { } name && classifier.Classes.Find(name) is { } index)
            options = options with { ClassName = null, ClassIndex = index };
        if (overlayOnly && files.Sheets.Count == 0)
            options = options with { PhotoSize = 0 };
        else if (!AttentionExplanation.CanDrawText)
            context.WriteMessage("No font was found on this computer, so the pictures have no text. A font package such as fonts-dejavu-core brings one.");
        var sheets = new SheetWriter(files.Sheets);
        var problems = new List<string>();
        int done = 0;
        return context.WithProgress(
            display =>
            {
                foreach (var (image, path) in files.Images)
                {
                    context.Cancellation.ThrowIfCancellationRequested();
                    AttentionExplanation? explanation = null;
                    if ((image.Problem ?? Explain(classifier, image, options, out explanation)) is { } problem)
                    {
                        problems.Add($"{MessageText.OfPath(image.Name)}: {problem}");
                        if (format == OutputFormat.Json)
                            context.Out.WriteLine(JsonLine.Of(new { Path = image.Name, Error = problem }));
                    }
                    else
                    {
                        Save(explanation!, path, overlayOnly);
                        sheets.Add(explanation!, image.Name);
                        context.Out.WriteLine(ResultLine(explanation!, classifier.Classes.Names[explanation!.ClassIndex], image, path, format));
                    }

                    display.Images("images", ++done, files.Images.Count);
                }

                sheets.Finish();
                foreach (string sheet in sheets.Written)
                    context.WriteMessage($"Contact sheet: {MessageText.OfPath(sheet)}");
                return context.ReportProblems(problems, files.Images.Count);
            },
            resultsAreShown: true);
    }

    /// <returns>Why the image cannot be used; null if it can.</returns>
    private static string? Explain(Classifier classifier, InputImage image, ExplanationOptions options, out AttentionExplanation? explanation)
    {
        explanation = null;
        try
        {
            explanation = classifier.Network.Explain(image.Path, options);
            return null;
        }
        catch (InvalidImageException e)
        {
            return ImageProblem.Of(e, image);
        }
    }

    private static void Save(AttentionExplanation explanation, string path, bool overlayOnly)
    {
        if (overlayOnly)
            explanation.SaveOverlay(path);
        else
            explanation.SaveSideBySide(path);
    }

    private static string ResultLine(AttentionExplanation explanation, string label, InputImage image, string overlay, OutputFormat format) => format == OutputFormat.Json
        ? JsonLine.Of(new { Path = image.Name, Label = label, explanation.Probability, Overlay = overlay, explanation.Method, explanation.Rows, explanation.Columns, Map = explanation.Map.ToArray() })
        : string.Create(CultureInfo.InvariantCulture, $"{image.Name}: {label} {PercentText.Of(explanation.Probability)}, {overlay}");
}

/// <summary>The files that the command writes, all known before it starts: a picture for each image, and contact sheets if there are several.</summary>
internal sealed class ExplanationFiles
{
    private readonly string _folder;

    internal ExplanationFiles(string folder, IReadOnlyList<InputImage> images, bool hasSheet)
    {
        _folder = folder;
        var names = new OverlayNames(folder);
        Images = [.. images.Select(image => (image, image.Problem is null ? names.For(image) : ""))];
        int usable = images.Count(image => image.Problem is null);
        int sheets = hasSheet && usable > 1 ? (usable + ExplanationSheet.MaxPhotos - 1) / ExplanationSheet.MaxPhotos : 0;
        Sheets = [.. Enumerable.Range(1, sheets).Select(i => Path.Combine(folder, i == 1 ? "contact-sheet.png" : string.Create(CultureInfo.InvariantCulture, $"contact-sheet-{i}.png")))];
    }

    /// <summary>The images and their pictures; no picture for an image with a problem.</summary>
    internal IReadOnlyList<(InputImage Image, string Picture)> Images { get; }

    /// <summary>The contact sheets, each for up to 200 images. The last ones are not written if images turn out to be unreadable.</summary>
    internal IReadOnlyList<string> Sheets { get; }

    /// <summary>Creates the folder, unless a file exists that may not be replaced.</summary>
    /// <exception cref="IOException">A file exists, or the folder cannot be created or written to.</exception>
    internal void Prepare(bool force)
    {
        foreach (string path in Images.Select(i => i.Picture).Where(path => path.Length > 0).Concat(Sheets))
            OutputFile.RefuseExisting(path, force);
        OutputFile.PrepareFolder(Path.GetFullPath(_folder));
    }
}

/// <summary>Fills the contact sheets one after the other; each is written when it is full.</summary>
internal sealed class SheetWriter(IReadOnlyList<string> paths)
{
    private readonly List<string> _written = [];
    private ExplanationSheet _sheet = new();

    /// <summary>The sheets written so far.</summary>
    internal IReadOnlyList<string> Written => _written;

    internal void Add(AttentionExplanation explanation, string name)
    {
        if (paths.Count == 0)
            return;
        if (_sheet.Count == ExplanationSheet.MaxPhotos)
            Finish();
        _sheet.Add(explanation, Path.GetFileName(name));
    }

    /// <summary>Writes the sheet that was begun, if there is one.</summary>
    internal void Finish()
    {
        if (_sheet.Count == 0)
            return;
        _sheet.Save(paths[_written.Count]);
        _written.Add(paths[_written.Count]);
        _sheet = new ExplanationSheet();
    }
}

/// <summary>Names the pictures: photo.jpg becomes photo-why.png; a second photo.jpg, from another folder, photo-2-why.png.</summary>
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
