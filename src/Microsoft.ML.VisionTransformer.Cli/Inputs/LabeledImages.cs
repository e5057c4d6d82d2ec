// Labeled images: reads them from a folder of class folders or a CSV file, and writes the CSV file.
using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Inputs;

/// <summary>A row for ML.NET. <see cref="Image"/> is the path; the name of its column is that of the model's image column.</summary>
internal sealed class LabeledImage
{
    internal const string ImageColumn = "Image", LabelColumn = "Label";

    public string Image { get; set; } = "";

    public string Label { get; set; } = "";
}

internal static class LabeledImages
{
    private const string Expected = "expected a folder with one subfolder of images per class, or a .csv file with the columns ImagePath and Label";

    /// <summary>Reads <c>folder/class/image</c>, or a .csv file with the columns ImagePath and Label, whose paths are relative to the file's folder.</summary>
    /// <param name="mlContext">The context.</param>
    /// <param name="option">The option that the path was given for, for messages.</param>
    /// <param name="path">The folder or the file.</param>
    /// <param name="warn">Receives a message if rows without a label were left out.</param>
    /// <exception cref="IOException">The folder or the file does not exist or cannot be read.</exception>
    /// <exception cref="InvalidDataException">It contains no images, or lacks one of the columns.</exception>
    internal static LabeledImage[] Read(MLContext mlContext, string option, string path, Action<string> warn)
    {
        if (!Directory.Exists(path))
        {
            string shown = Shown(option, path);
            if (!MissingPath.IsFile(path))
                throw new FileNotFoundException($"{shown} {MissingPath.Describe(path)}; {Expected}.", path);
            return string.Equals(Path.GetExtension(path), ".csv", StringComparison.OrdinalIgnoreCase)
                ? ReadTable(path, warn)
                : throw new InvalidDataException($"{shown} is a file; {Expected}.");
        }

        try
        {
            var found = mlContext.Data.LoadImagesFromFolder(path);
            return [.. found.GetColumn<string>("ImagePath").Zip(found.GetColumn<string>("Label"), (image, label) => new LabeledImage { Image = image, Label = label })];
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"{Shown(option, path)} cannot be read: {FailureMessage.Of(e)}", e);
        }
    }

    /// <summary>The list of test images that train writes beside a model: flowers.test.csv for flowers.zip.</summary>
    internal static string TestListOf(string model) => Path.ChangeExtension(model, ".test.csv");

    /// <summary>Reads the list of test images of a model.</summary>
    /// <exception cref="InvalidDataException">The list is malformed.</exception>
    internal static LabeledImage[] ReadTestList(MLContext mlContext, string list, Action<string> warn) => Read(mlContext, "The list of test images", list, warn);

    /// <summary>Writes a CSV file that <see cref="Read"/> can read.</summary>
    internal static void WriteTable(TextWriter writer, IEnumerable<LabeledImage> images)
    {
        writer.WriteLine(CsvRecord.Of("ImagePath", "Label"));
        foreach (var image in images)
            writer.WriteLine(CsvRecord.Of([image.Image, image.Label]));
    }

    /// <summary>The images of a table. A blank label means that the image has none, as in the library: such rows are left out.</summary>
    private static LabeledImage[] ReadTable(string path, Action<string> warn)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var lines = CsvTable.Read(path);
        int image = Column(lines, path, "ImagePath"), label = Column(lines, path, "Label");
        var rows = lines.Skip(1).Select(fields => new LabeledImage { Image = Path.Combine(folder, fields[image]), Label = fields[label] }).ToArray();
        if (lines.Skip(1).FirstOrDefault(fields => string.IsNullOrWhiteSpace(fields[image]) && !string.IsNullOrWhiteSpace(fields[label])) is { } pathless)
            throw new InvalidDataException($"{path} has a row with the label '{MessageText.Of(pathless[label])}' and no image path. Fill in the path, or remove the row.");
        var images = Array.FindAll(rows, row => !string.IsNullOrWhiteSpace(row.Label));
        int unlabeled = rows.Length - images.Length;
        if (images.Length == 0)
            throw new InvalidDataException(unlabeled == 0 ? $"{path} lists no images." : $"{path} has no labeled images: the Label column is blank in {Rows(unlabeled)}.");
        if (unlabeled > 0)
            warn($"Skipped {Rows(unlabeled)} without a label in {path}.");
        return images;
    }

    private static string Shown(string option, string path) => $"{option} {MessageText.OfPath(DisplayPath.Of(path))}";

    private static string Rows(int count) => count == 1 ? "1 row" : string.Create(CultureInfo.InvariantCulture, $"{count:N0} rows");

    private static int Column(IReadOnlyList<string[]> lines, string path, string name)
    {
        int at = lines.Count > 0 ? Array.FindIndex(lines[0], field => string.Equals(field, name, StringComparison.OrdinalIgnoreCase)) : -1;
        return at >= 0 ? at : throw new InvalidDataException($"{path} has no column {name}; its first line must contain the column names ImagePath and Label.");
    }
}
