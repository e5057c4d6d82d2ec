// Finds labeled images in folders: folder/<class>/**/<image>.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Images.Input;

/// <summary>
/// The images below a folder, in an order that is the same on every machine: names sorted by character code at each level. The first folder level
/// is the class; deeper levels have no meaning. Hidden files and folders, and files without an image extension, are skipped and
/// counted. Extensions only select the files; the format is detected from the content.
/// </summary>
internal sealed class ImageFolder
{
    private const string Expected = "Expected layout: <folder>/<class>/<image>.";

    private readonly List<LabeledImage> _images = [];
    private readonly List<string> _classes = [];

    private ImageFolder()
    {
    }

    /// <summary>Full path and class of every image.</summary>
    internal IReadOnlyList<LabeledImage> Images => _images;

    /// <summary>Names of the class folders, sorted.</summary>
    internal IReadOnlyList<string> Classes => _classes;

    /// <summary>Number of skipped files and folders: hidden, without an image extension, outside the class folders, or a cyclic link.</summary>
    internal int Ignored { get; private set; }

    /// <summary>Lists the images.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder cannot be listed.</exception>
    /// <exception cref="InvalidDataException">There are no class folders, or some contain no image.</exception>
    internal static ImageFolder Scan(string folder)
    {
        var root = new DirectoryInfo(folder);
        if (File.Exists(folder))
            throw new DirectoryNotFoundException($"{MessageText.OfPath(root.FullName)} is a file; an image folder was expected. {Expected}");
        if (!root.Exists)
            throw new DirectoryNotFoundException($"The image folder {MessageText.OfPath(root.FullName)} does not exist{(root.LinkTarget is { } target ? $": it is a link to {MessageText.OfPath(target)}" : "")}. {Expected}");
        var found = new ImageFolder();
        var empty = found.AddClasses(root);
        if (found._classes.Count == 0)
        {
            throw new InvalidDataException(
                $"The image folder {MessageText.OfPath(root.FullName)} has no class folders ({found.Ignored} other entries): put each class in its own folder. {Expected}");
        }

        if (empty.Count > 0)
        {
            throw new InvalidDataException(
                $"The class folders {MessageText.List(empty, most: 10)} in {MessageText.OfPath(root.FullName)} contain no images. "
                + $"Add images ({ImageExtensions.Listed}) or remove the folders. {Expected}");
        }

        return found;
    }

    /// <summary>Adds every class and its images; returns the classes without images.</summary>
    private List<string> AddClasses(DirectoryInfo root)
    {
        var empty = new List<string>();
        foreach (var entry in VisibleEntries(root))
        {
            if (entry is not DirectoryInfo folder)
            {
                Ignored++;
                continue;
            }

            int before = _images.Count;
            AddImages(folder, folder.Name, [Target(root)]);
            _classes.Add(folder.Name);
            if (_images.Count == before)
                empty.Add(folder.Name);
        }

        return empty;
    }

    /// <summary>Adds the images at any depth; <paramref name="above"/> holds the parent folders, to detect cyclic links.</summary>
    private void AddImages(DirectoryInfo folder, string label, HashSet<string> above)
    {
        string target = Target(folder);
        if (!above.Add(target))
        {
            Ignored++;
            return;
        }

        foreach (var entry in VisibleEntries(folder))
        {
            if (entry is DirectoryInfo inner)
                AddImages(inner, label, above);
            else if (ImageExtensions.Has(entry.Name))
                _images.Add(new LabeledImage(entry.FullName, label));
            else
                Ignored++;
        }

        above.Remove(target);
    }

    private IEnumerable<FileSystemInfo> VisibleEntries(DirectoryInfo folder)
    {
        var entries = Entries(folder);
        Array.Sort(entries, (a, b) => string.CompareOrdinal(a.Name, b.Name));
        foreach (var entry in entries)
        {
            if (entry.Name.StartsWith('.') || entry.Attributes.HasFlag(FileAttributes.Hidden))
                Ignored++;
            else
                yield return entry;
        }
    }

    private static FileSystemInfo[] Entries(DirectoryInfo folder)
    {
        try
        {
            return folder.GetFileSystemInfos();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UnauthorizedAccessException($"The folder {MessageText.OfPath(folder.FullName)} cannot be listed: permission denied.", e);
        }
    }

    private static string Target(DirectoryInfo folder) => folder.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? folder.FullName;
}

/// <summary>An image file and its class: the full path and the name of the class folder.</summary>
internal readonly record struct LabeledImage(string Path, string Label);
