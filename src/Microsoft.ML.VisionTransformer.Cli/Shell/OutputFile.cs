// Output files of a command: checked before the work starts, written completely or not at all, and replaced only on request.
using System.CommandLine;
using System.Globalization;
using System.Text;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal static class OutputFile
{
    private const double BytesPerMegabyte = 1e6;

    /// <summary>The <c>--force</c> option. Without it no command replaces a file.</summary>
    internal static Option<bool> ForceOption() => new("--force") { Description = "Replace existing files." };

    /// <summary>Checks before long work starts that the file can be written, and creates its folder.</summary>
    /// <param name="path">The file, as the user gave it.</param>
    /// <param name="force">Whether an existing file may be replaced.</param>
    /// <param name="inputs">Files that the command reads: they are never replaced.</param>
    /// <returns>The full path.</returns>
    /// <exception cref="UsageException">The name is empty.</exception>
    /// <exception cref="IOException">The file exists, the path is a folder, or the folder cannot be created or written to.</exception>
    internal static string Prepare(string path, bool force, params IEnumerable<string> inputs)
    {
        if (string.IsNullOrWhiteSpace(path))
            throw new UsageException("The name of the output file is empty.");
        string full = Path.GetFullPath(path);
        if (Directory.Exists(full) || Path.EndsInDirectorySeparator(path))
            throw new IOException($"{MessageText.OfPath(path)} is a folder; specify a file name.");
        if (inputs.FirstOrDefault(input => IsSameFile(input, full)) is { } input)
            throw new UsageException($"{MessageText.OfPath(path)} is the output, and {MessageText.OfPath(input)} is an input: they are the same file. Choose another name for the output.");
        RefuseExisting(path, force);
        RefuseDevice(path);
        PrepareFolder(Path.GetDirectoryName(full)!);
        return full;
    }

    /// <summary>Whether two paths lead to the same file, also through links to folders.</summary>
    internal static bool IsSameFile(string one, string other) => string.Equals(RealPath(one), RealPath(other), OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    /// <summary>The full path with all links to folders resolved.</summary>
    private static string RealPath(string path)
    {
        string full = Path.GetFullPath(path);
        string? folder = Path.GetDirectoryName(full);
        if (folder is null)
            return full;
        string above = RealPath(folder);
        string place = Path.Combine(above, Path.GetFileName(full));
        return Directory.Exists(place) && new DirectoryInfo(place).ResolveLinkTarget(returnFinalTarget: true) is { } target ? target.FullName : place;
    }

    /// <summary>A device or a pipe would be replaced by a file.</summary>
    private static void RefuseDevice(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists || file.Length > 0 || OperatingSystem.IsWindows())
            return;
        bool isFile = !file.FullName.StartsWith("/dev/", StringComparison.Ordinal);
        if (isFile && !file.IsReadOnly)
        {
            using var opened = new FileStream(file.FullName, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            isFile = opened.CanSeek;
        }

        if (!isFile)
            throw new IOException($"{MessageText.OfPath(path)} is a device or a pipe, not a file. Specify a file name; without --out, results go to standard output.");
    }

    /// <summary>Throws if there is a file and it may not be replaced.</summary>
    /// <exception cref="IOException">The file exists.</exception>
    internal static void RefuseExisting(string path, bool force)
    {
        if (!force && (File.Exists(path) || new FileInfo(path).LinkTarget is not null))
            throw new IOException($"{MessageText.OfPath(path)} already exists. Choose another name, or add --force to replace it.");
    }

    /// <summary>Creates a folder if it is missing, and writes and deletes a file in it.</summary>
    /// <exception cref="IOException">The folder cannot be created or written to.</exception>
    internal static void PrepareFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The folder {MessageText.OfPath(folder)} cannot be created: {Reason(e, folder)}.", e);
        }

        string probe = AtomicFile.TemporaryName(Path.Combine(folder, Tool.Name));
        try
        {
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Files cannot be written to the folder {MessageText.OfPath(folder)}: {Reason(e, folder)}.", e);
        }
    }

    /// <summary>Throws if the disk of a folder has too little free space.</summary>
    /// <exception cref="IOException">The free space is smaller than <paramref name="bytes"/>.</exception>
    internal static void CheckSpace(string folder, long bytes, string what)
    {
        long free = new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        if (free < bytes)
        {
            throw new IOException(string.Create(
                CultureInfo.InvariantCulture,
                $"{what} needs {Megabytes(bytes)}, but the disk that holds {MessageText.OfPath(folder)} has only {Megabytes(free)} left. Free some space, or choose another folder."));
        }
    }

    /// <summary>Writes to a temporary file in the same folder and renames it.</summary>
    internal static void Write(string path, Action<Stream> write)
    {
        AtomicFile.RemoveAbandoned(path, AtomicFile.AbandonedAfter);
        AtomicFile.Write(path, write);
    }

    /// <summary>Writes UTF-8 text to a temporary file in the same folder and renames it.</summary>
    internal static void WriteText(string path, Action<TextWriter> write) => Write(path, stream => WriteText(stream, write));

    /// <summary>Writes UTF-8 text to a stream that stays open.</summary>
    internal static void WriteText(Stream stream, Action<TextWriter> write)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
        write(writer);
    }

    /// <summary>Writes to the file, or to standard output if <paramref name="path"/> is null.</summary>
    /// <param name="path">The full path that <see cref="Prepare"/> returned.</param>
    /// <param name="standard">Standard output.</param>
    /// <param name="write">Writes the text.</param>
    internal static void WriteTo(string? path, TextWriter standard, Action<TextWriter> write)
    {
        if (path is null)
            write(standard);
        else
            WriteText(path, write);
    }

    private static string Megabytes(long bytes) =>
        bytes < BytesPerMegabyte ? "less than 1 MB" : string.Create(CultureInfo.InvariantCulture, $"{bytes / BytesPerMegabyte:N0} MB");

    private static string Reason(Exception error, string folder) => error switch
    {
        UnauthorizedAccessException => "permission denied",
        _ when File.Exists(folder) => "a file with that name exists",
        FileNotFoundException or DirectoryNotFoundException => "the operating system does not allow it",
        _ => FailureMessage.Of(error).TrimEnd('.'),
    };
}

internal static class DisplayPath
{
    /// <summary>Characters that no shell interprets, anywhere in a word.</summary>
    private const string PlainCharacters = "-_./:,@+%";

    /// <summary>The path relative to the current folder if it is inside it, otherwise unchanged.</summary>
    internal static string Of(string path)
    {
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(relative) ? path : relative;
    }

    /// <summary>The path as an argument for a shell.</summary>
    internal static string Argument(string path) => Quoted(Path.IsPathRooted(path) ? Of(path) : path);

    /// <summary>In single quotes if a POSIX shell or PowerShell would change it otherwise.</summary>
    internal static string Quoted(string word) => word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || PlainCharacters.Contains(c, StringComparison.Ordinal))
        ? word
        : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
