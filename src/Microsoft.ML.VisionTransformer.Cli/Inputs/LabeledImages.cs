// Labeled images: reads them from a folder of class folders or a CSV file, and writes the CSV file.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Cli.Shell;

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
    /// <summary>Reads <c>folder/class/image</c>, or a .csv file with the columns ImagePath and Label, whose paths are relative to the file's folder.</summary>
    /// <exception cref="IOException">The folder or the file does not exist.</exception>
    /// <exception cref="InvalidDataException">It contains no images, or lacks one of the columns.</exception>
    internal static LabeledImage[] Read(MLContext mlContext, string path)
    {
        if (string.Equals(Path.GetExtension(path), ".csv", StringComparison.OrdinalIgnoreCase) && !Directory.Exists(path))
            return ReadTable(path);
        var found = mlContext.Data.LoadImagesFromFolder(path);
        return [.. found.GetColumn<string>("ImagePath").Zip(found.GetColumn<string>("Label"), (image, label) => new LabeledImage { Image = image, Label = label })];
    }

    /// <summary>Writes a CSV file that <see cref="Read"/> can read.</summary>
    internal static void WriteTable(string path, IEnumerable<LabeledImage> images) => OutputFile.WriteText(path, writer =>
    {
        writer.WriteLine(CsvRecord.Of("ImagePath", "Label"));
        foreach (var image in images)
            writer.WriteLine(CsvRecord.Of([image.Image, image.Label]));
    });

    private static LabeledImage[] ReadTable(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"The image table {path} does not exist.", path);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var lines = CsvTable.Read(path);
        int image = Column(lines, path, "ImagePath"), label = Column(lines, path, "Label");
        var images = lines.Skip(1).Select(fields => new LabeledImage { Image = Path.Combine(folder, fields[image]), Label = fields[label] }).ToArray();
        return images.Length > 0 ? images : throw new InvalidDataException($"{path} lists no images.");
    }

    private static int Column(IReadOnlyList<string[]> lines, string path, string name)
    {
        int at = lines.Count > 0 ? Array.FindIndex(lines[0], field => string.Equals(field, name, StringComparison.OrdinalIgnoreCase)) : -1;
        return at >= 0 ? at : throw new InvalidDataException($"{path} has no column {name}; its first line must contain the column names ImagePath and Label.");
    }
}
