// Finds the images that a command line means: files, folders, patterns, or standard input.
using System.Text;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Inputs;

/// <summary>
/// The images, in the order given; those of a folder or pattern sorted by character code. "-" is standard input: the bytes of one image where it begins as an image
/// file does, else paths (or folders, or patterns), one a line, or separated by NUL where there is one. Dispose it when they have been read.
/// </summary>
internal sealed class InputImages : IDisposable
{
    private readonly List<InputImage> _images = [];
    private readonly Func<Stream> _openInput;
    private string? _copyOfInput;

    private InputImages(Func<Stream> openInput) => _openInput = openInput;

    internal IReadOnlyList<InputImage> Images => _images;

    /// <summary>Finds them. What is not there becomes an image with a problem, so that the others are still looked at.</summary>
    /// <exception cref="UsageException">Standard input is asked for twice.</exception>
    internal static InputImages Find(IReadOnlyList<string> inputs, Func<Stream> openInput)
    {
        if (inputs.Count(input => input == "-") > 1)
            throw new UsageException("Standard input (-) can be read once only.");
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
            AddAll(FilePattern.Below(input).Where(ImageNames.IsImage), input, "there is no image in this folder");
        else if (FilePattern.IsPattern(input))
            AddAll(FilePattern.Find(input), input, "no file has such a name");
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
        if (ImageNames.HasImageStart(bytes))
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
            AddProblem("-", "standard input is empty; it may have paths, one a line, or the bytes of one image");
    }
}
