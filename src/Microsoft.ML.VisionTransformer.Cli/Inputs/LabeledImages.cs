// Reads labelled images: a folder of class folders, or a table.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Inputs;

internal static class LabeledImages
{
    /// <summary>The images of <c>folder/class/image</c>, or of a .csv file with the columns ImagePath and Label, whose paths begin at its own folder.</summary>
    /// <exception cref="IOException">The folder or the file is not there.</exception>
    /// <exception cref="InvalidDataException">There are no images in it, or it has not these columns.</exception>
    internal static LabeledImage[] Read(MLContext context, string path)
    {
        if (string.Equals(Path.GetExtension(path), ".csv", StringComparison.OrdinalIgnoreCase) && !Directory.Exists(path))
            return ReadTable(path);
        var found = context.Data.LoadImagesFromFolder(path);
        return [.. found.GetColumn<string>("ImagePath").Zip(found.GetColumn<string>("Label"), (image, label) => new LabeledImage { Image = image, Label = label })];
    }

    /// <summary>Writes a table that <see cref="Read"/> takes.</summary>
    internal static void WriteTable(string path, IEnumerable<LabeledImage> images) => OutputFile.WriteText(path, writer =>
    {
        writer.WriteLine(CsvRecord.Of("ImagePath", "Label"));
        foreach (var image in images)
            writer.WriteLine(CsvRecord.Of([image.Image, image.Label]));
    });

    private static LabeledImage[] ReadTable(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"The table of images {path} is not there.", path);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var lines = CsvTable.Read(path);
        int image = Column(lines, path, "ImagePath"), label = Column(lines, path, "Label");
        var images = lines.Skip(1).Select(fields => new LabeledImage { Image = Path.Combine(folder, fields[image]), Label = fields[label] }).ToArray();
        return images.Length > 0 ? images : throw new InvalidDataException($"{path} has no images.");
    }

    private static int Column(IReadOnlyList<string[]> lines, string path, string name)
    {
        int at = lines.Count > 0 ? Array.FindIndex(lines[0], field => string.Equals(field, name, StringComparison.OrdinalIgnoreCase)) : -1;
        return at >= 0 ? at : throw new InvalidDataException($"{path} has no column {name}; its first line must name the columns ImagePath and Label.");
    }
}
