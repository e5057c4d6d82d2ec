// Writes the output files of a command atomically, and formats paths for messages.
using System.Text;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal static class OutputFile
{
    /// <summary>Checks before long work starts that the file can be written, and creates its folder.</summary>
    /// <returns>The full path.</returns>
    /// <exception cref="UsageException">The name is empty.</exception>
    /// <exception cref="IOException">The path is a folder, or its folder cannot be created.</exception>
    internal static string Prepare(string path)
    {
        if (path.Length == 0)
            throw new UsageException("The name of the output file is empty.");
        string full = Path.GetFullPath(path);
        if (Directory.Exists(full))
            throw new IOException($"{path} is a folder; specify a file name.");
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        return full;
    }

    /// <summary>Writes to a temporary file in the same folder and renames it.</summary>
    internal static void Write(string path, Action<Stream> write)
    {
        AtomicFile.RemoveAbandoned(path, AtomicFile.AbandonedAfter);
        AtomicFile.Write(path, write);
    }

    /// <summary>Writes UTF-8 text to a temporary file in the same folder and renames it.</summary>
    internal static void WriteText(string path, Action<TextWriter> write) => Write(path, stream =>
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
        write(writer);
    });

    /// <summary>Writes to the file, or to standard output if <paramref name="path"/> is null.</summary>
    internal static void WriteTo(string? path, TextWriter standard, Action<TextWriter> write)
    {
        if (path is null)
            write(standard);
        else
            WriteText(Prepare(path), write);
    }
}

internal static class DisplayPath
{
    /// <summary>The path relative to the current folder if it is inside it, otherwise unchanged.</summary>
    internal static string Of(string path)
    {
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(relative) ? path : relative;
    }
}
