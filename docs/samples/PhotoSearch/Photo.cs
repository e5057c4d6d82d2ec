// A photo in the store: its file, and the vector that it is found by.
using Microsoft.Extensions.AI;
using Microsoft.Extensions.VectorData;

namespace PhotoSearch;

internal sealed class Photo
{
    [VectorStoreKey]
    public required string File { get; init; }

    /// <summary>The file relative to the folder that is searched.</summary>
    [VectorStoreData]
    public required string Path { get; init; }

    /// <summary>The store makes the vector of this, with its embedding generator.</summary>
    public DataContent? Image { get; init; }

    internal static Photo Read(string folder, string file) =>
        new() { File = file, Path = System.IO.Path.GetRelativePath(folder, file).Replace('\\', '/'), Image = Content(file) };

    internal static DataContent Content(string file) =>
        new(System.IO.File.ReadAllBytes(file), file.EndsWith(".png", StringComparison.OrdinalIgnoreCase) ? "image/png" : "image/jpeg");

    /// <summary>The JPEG and PNG files of a folder and its subfolders, by name.</summary>
    /// <exception cref="InvalidDataException">There are none.</exception>
    internal static IEnumerable<string> Files(string folder)
    {
        string[] files = [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(f => System.IO.Path.GetExtension(f).ToUpperInvariant() is ".JPG" or ".JPEG" or ".PNG").Order(StringComparer.Ordinal)];
        return files.Length > 0 ? files : throw new InvalidDataException($"{folder} contains no JPEG or PNG files.");
    }
}
