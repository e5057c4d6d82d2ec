// Finds the images on a command line: files, folders, patterns, or standard input.
using System.Text;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Inputs;

/// <param name="Name">The name in results: the path as given or found, or "-" for standard input.</param>
/// <param name="Path">The file.</param>
internal sealed record InputImage(string Name, string Path)
{
    /// <summary>Why there is no such image; null if the file exists.</summary>
    internal string? Problem { get; init; }
}

/// <summary>
/// The images in the order given; those of a folder or pattern in ordinal order. "-" is standard input: the bytes of one image if it starts with an image
/// signature, otherwise paths (or folders, or patterns), separated by NUL if it contains NUL, otherwise one per line. Dispose it after the images have
/// been read.
/// </summary>
internal sealed class InputImages : IDisposable
{
    private readonly List<InputImage> _images = [];
    private readonly Func<Stream> _openInput;
    private string? _copyOfInput;

    private InputImages(Func<Stream> openInput) => _openInput = openInput;

    internal IReadOnlyList<InputImage> Images => _images;

    /// <summary>Finds the images. A missing input becomes an image with a problem; the others are still processed.</summary>
    /// <exception cref="UsageException">Standard input is specified more than once.</exception>
    internal static InputImages Find(IReadOnlyList<string> inputs, Func<Stream> openInput)
    {
        if (inputs.Count(input => input == "-") > 1)
            throw new UsageException("Standard input (-) is specified more than once; it can be read only once.");
        var found = new InputImages(openInput);
        foreach (string input in inputs)
        {
            if (input == "-")
                found.AddStandardInput();
            else
                found.Add(input);
        }

        return found;
    }

    public void Dispose()
    {
        if (_copyOfInput is not null)
            File.Delete(_copyOfInput);
    }

    private void Add(string input)
    {
        if (File.Exists(input))
            _images.Add(new InputImage(input, input));
        else if (Directory.Exists(input))
            AddAll(FilePattern.Below(input).Where(ImageFiles.IsImage), input, "this folder contains no images");
        else if (FilePattern.IsPattern(input))
            AddAll(FilePattern.Find(input), input, "no file matches this pattern");
        else
            AddProblem(input, "there is no such file or folder");
    }

    private void AddAll(IEnumerable<string> paths, string input, string problem)
    {
        int before = _images.Count;
        _images.AddRange(paths.Select(path => new InputImage(path, path)));
        if (_images.Count == before)
            AddProblem(input, problem);
    }

    private void AddProblem(string input, string problem) => _images.Add(new InputImage(input, input) { Problem = problem });

    private void AddStandardInput()
    {
        using var input = _openInput();
        using var content = new MemoryStream();
        input.CopyTo(content);
        var bytes = content.GetBuffer().AsSpan(0, checked((int)content.Length));
        if (ImageFiles.HasImageSignature(bytes))
        {
            _copyOfInput = Path.Combine(Path.GetTempPath(), $"{Tool.Name}-{Guid.NewGuid():N}");
            File.WriteAllBytes(_copyOfInput, bytes);
            _images.Add(new InputImage("-", _copyOfInput));
            return;
        }

        char separator = bytes.Contains((byte)0) ? '\0' : '\n';
        string[] paths = Encoding.UTF8.GetString(bytes).Split(separator, StringSplitOptions.RemoveEmptyEntries);
        foreach (string path in paths.Select(p => separator == '\n' ? p.TrimEnd('\r') : p).Where(p => p.Length > 0))
            Add(path);
        if (paths.Length == 0)
            AddProblem("-", "standard input is empty; expected paths, one per line, or the bytes of one image");
    }
}

internal static class ImageFiles
{
    /// <summary>Number of bytes that <see cref="HasImageSignature"/> needs.</summary>
    internal const int SignatureLength = 12;

    /// <summary>Whether a file in a folder counts as an image, by the extensions of <c>LoadImagesFromFolder</c>; hidden files do not.</summary>
    internal static bool IsImage(string path) => ImageExtensions.Has(path) && !Path.GetFileName(path).StartsWith('.');

    /// <summary>Whether the bytes start with an image signature (JPEG, PNG, GIF, BMP, WebP, ICO); no list of paths does.</summary>
    internal static bool HasImageSignature(ReadOnlySpan<byte> start) =>
        start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) || (start.Length > 4 && start[0] == 0x89 && start[1..].StartsWith("PNG"u8)) || start.StartsWith("GIF8"u8)
        || (start.StartsWith("BM"u8) && start[2..].Contains((byte)0))
        || (start.StartsWith("RIFF"u8) && start.Length >= SignatureLength && start[8..].StartsWith("WEBP"u8))
        || start.StartsWith((ReadOnlySpan<byte>)[0, 0, 1, 0]);
}
