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
    private readonly CancellationToken _cancellation;
    private string? _copyOfInput;

    private InputImages(Func<Stream> openInput, CancellationToken cancellation) => (_openInput, _cancellation) = (openInput, cancellation);

    internal IReadOnlyList<InputImage> Images => _images;

    /// <summary>Finds the images. A missing input becomes an image with a problem; the others are still processed.</summary>
    /// <param name="inputs">Files, folders, patterns, or "-".</param>
    /// <param name="openInput">Opens standard input.</param>
    /// <param name="cancellation">Also ends a read of standard input that waits for more.</param>
    /// <exception cref="UsageException">Standard input is specified more than once.</exception>
    /// <exception cref="IOException">Standard input cannot be read.</exception>
    internal static InputImages Find(IReadOnlyList<string> inputs, Func<Stream> openInput, CancellationToken cancellation)
    {
        if (inputs.Count(input => input == "-") > 1)
            throw new UsageException("Standard input (-) is specified more than once; it can be read only once.");
        var found = new InputImages(openInput, cancellation);
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
        if (MissingPath.IsFile(input))
            _images.Add(new InputImage(input, input));
        else if (Directory.Exists(input))
            AddFolder(input);
        else if (FilePattern.IsPattern(input))
            AddAll(FilePattern.Find(input), input, "no file matches this pattern");
        else
            AddProblem(input, $"it {MissingPath.Describe(input)}");
    }

    private void AddFolder(string folder)
    {
        try
        {
            AddAll([.. FilePattern.Below(folder).Where(ImageFiles.IsImage)], folder, "this folder contains no images");
        }
        catch (UnauthorizedAccessException)
        {
            AddProblem(folder, "this folder cannot be listed: permission denied");
        }
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
        var bytes = ReadStandardInput().AsSpan();
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

    /// <summary>A read from a terminal or a pipe cannot be canceled, so it runs on a background thread, which does not keep the process alive.</summary>
    private byte[] ReadStandardInput()
    {
        var reading = Task.Run(() =>
        {
            using var input = _openInput();
            using var content = new MemoryStream();
            input.CopyTo(content);
            return content.ToArray();
        });
        try
        {
            reading.Wait(_cancellation);
        }
        catch (AggregateException e) when (e.InnerException is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Standard input cannot be read: {FailureMessage.Of(e)}", e.InnerException);
        }

        return reading.Result;
    }
}

internal static class MissingPath
{
    /// <summary>Whether there is a file; unlike <see cref="File.Exists"/>, false for a link without a target.</summary>
    internal static bool IsFile(string path) => File.Exists(path) && new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true) is not { Exists: false };

    /// <summary>Why there is nothing at a path, as the rest of a sentence: it does not exist, is a broken link, or is in a folder without permission.</summary>
    internal static string Describe(string path)
    {
        if (path.Length > 0 && new FileInfo(path).LinkTarget is { } target)
            return $"is a link to {MessageText.OfPath(target)}, which does not exist";
        string? folder = path.Length > 0 ? Path.GetDirectoryName(Path.GetFullPath(path)) : null;
        while (folder is not null && !Directory.Exists(folder))
            folder = Path.GetDirectoryName(folder);
        try
        {
            if (folder is not null)
                _ = Directory.EnumerateFileSystemEntries(folder).Any();
            return "does not exist";
        }
        catch (UnauthorizedAccessException)
        {
            return $"cannot be reached: permission denied for the folder {MessageText.OfPath(folder)}";
        }
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
