// Writes a file completely or not at all.
using System.Text.RegularExpressions;

namespace Microsoft.ML.VisionTransformer.Common;

internal static partial class AtomicFile
{
    /// <summary>Age after which a temporary file counts as left behind by a killed process.</summary>
    internal static readonly TimeSpan AbandonedAfter = TimeSpan.FromMinutes(10);

    /// <summary>Writes a temporary file in the same folder and renames it: the old file stays until the new one is complete and on disk.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes its content.</param>
    /// <param name="previous">New name of the old file; null to not keep it. A file exists at the path at all times.</param>
    /// <exception cref="IOException">The folder cannot be written to; the old file is unchanged.</exception>
    internal static void Write(string path, Action<Stream> write, string? previous = null)
    {
        using var file = Begin(path, write);
        file.Commit(previous);
    }

    /// <summary>Writes a temporary file, to be renamed by <see cref="PendingFile.Commit"/>: for several files that are renamed together.</summary>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    internal static PendingFile Begin(string path, Action<Stream> write)
    {
        string temporary = TemporaryName(path);
        try
        {
            using var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None);
            write(stream);
            stream.Flush(flushToDisk: true);    // before the rename: a power failure could otherwise leave the new name without its data
        }
        catch
        {
            DeleteIfPossible(temporary);
            throw;
        }

        return new PendingFile(temporary, path);
    }

    /// <summary>A new temporary name in the folder of a path, in the form that <see cref="RemoveAbandoned"/> looks for.</summary>
    internal static string TemporaryName(string path) => $"{path}.{Guid.NewGuid():N}.tmp";

    /// <summary>
    /// Removes temporary files of a path that killed processes left behind. Files that a running process is writing are locked and stay; files that
    /// cannot be removed stay until the next writer tries again. This lists the entire folder, so do not use it in a folder with many files.
    /// </summary>
    /// <param name="path">The final path of the temporary files.</param>
    /// <param name="age">Minimum time since the last write; zero if no other process can be writing.</param>
    internal static void RemoveAbandoned(string path, TimeSpan age)
    {
        string full = Path.GetFullPath(path), name = Path.GetFileName(full);
        var folder = new DirectoryInfo(Path.GetDirectoryName(full)!);
        if (!folder.Exists)
            return;
        foreach (var file in folder.EnumerateFiles().Where(file => file.Name.StartsWith(name, StringComparison.Ordinal) && TemporaryEnd().IsMatch(file.Name[name.Length..])))
        {
            if (DateTime.UtcNow - file.LastWriteTimeUtc >= age)
                DeleteUnlessLocked(file.FullName);
        }
    }

    /// <summary>Removes a file after an error, without hiding that error by another one. <see cref="RemoveAbandoned"/> removes files that stay.</summary>
    internal static void DeleteIfPossible(string path) => Try(() => File.Delete(path));

    private static void DeleteUnlessLocked(string path) => Try(() =>
    {
        using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
        }

        File.Delete(path);
    });

    private static void Try(Action remove)
    {
        try
        {
            remove();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // In use, or no permission: writing does not depend on it.
        }
    }

    [GeneratedRegex(@"^\.[0-9a-f]{32}\.tmp\z")]
    private static partial Regex TemporaryEnd();

    /// <summary>A complete file that still has its temporary name. Removed when disposed without <see cref="Commit"/>.</summary>
    internal sealed class PendingFile(string temporary, string path) : IDisposable
    {
        private bool _committed;

        /// <summary>Renames the file to its final name.</summary>
        /// <param name="previous">New name of the old file; null to not keep it.</param>
        /// <exception cref="IOException">The file cannot be renamed; the old file is unchanged.</exception>
        internal void Commit(string? previous = null)
        {
            if (previous is not null && File.Exists(path))
                File.Replace(temporary, path, previous);
            else
                File.Move(temporary, path, overwrite: true);
            _committed = true;
        }

        public void Dispose()
        {
            if (!_committed)
                DeleteIfPossible(temporary);
        }
    }
}
