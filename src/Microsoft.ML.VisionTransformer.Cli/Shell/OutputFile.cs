// Writes the files of a command whole or not at all, where they can be written.
using System.Text;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal static class OutputFile
{
    /// <summary>Makes sure before long work begins that a file can be put there; makes its folder.</summary>
    /// <exception cref="IOException">The path is a folder, or its folder cannot be made.</exception>
    internal static string Prepare(string path)
    {
        if (path.Length == 0)
            throw new UsageException("The name of the file to write is empty.");
        string full = Path.GetFullPath(path);
        if (Directory.Exists(full))
            throw new IOException($"{path} is a folder; give the name of a file.");
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        return full;
    }

    /// <summary>Writes beside the path and renames.</summary>
    internal static void Write(string path, Action<Stream> write)
    {
        AtomicFile.RemoveAbandoned(path, AtomicFile.AbandonedAfter);
        AtomicFile.Write(path, write);
    }

    /// <summary>Writes UTF-8 text beside the path and renames.</summary>
    internal static void WriteText(string path, Action<TextWriter> write) => Write(path, stream =>
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
        write(writer);
    });

    /// <summary>Writes to the file, or to standard output where there is none.</summary>
    internal static void WriteTo(string? path, TextWriter standard, Action<TextWriter> write)
    {
        if (path is null)
            write(standard);
        else
            WriteText(Prepare(path), write);
    }
}
