// Writes a file whole or not at all.
using System.Text.RegularExpressions;

namespace Microsoft.ML.VisionTransformer.Common;

internal static partial class AtomicFile
{
    /// <summary>A temporary file that nobody writes to for so long was left by a process that was killed.</summary>
    internal static readonly TimeSpan AbandonedAfter = TimeSpan.FromMinutes(10);

    /// <summary>Writes beside the path and renames: what was there before stays until the new file is complete and on disk.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes its content.</param>
    /// <param name="previous">Another name that the old file gets; null where it is not kept. There is a file of the path at every moment.</param>
    /// <exception cref="IOException">The folder cannot be written to; the old file is unchanged.</exception>
    internal static void Write(string path, Action<Stream> write, string? previous = null)
    {
        using var file = Begin(path, write);
        file.Commit(previous);
    }

    /// <summary>Writes beside the path and waits for <see cref="PendingFile.Commit"/>: for files of which several get their names together.</summary>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    internal static PendingFile Begin(string path, Action<Stream> write)
    {
        string beside = TemporaryName(path);
        try
        {
            using var stream = new FileStream(beside, FileMode.CreateNew, FileAccess.Write, FileShare.None);
            write(stream);
            stream.Flush(flushToDisk: true);    // before the rename, or a power cut could leave the new name without its data
        }
        catch
        {
            DeleteIfPossible(beside);
            throw;
        }

        return new PendingFile(beside, path);
    }

    /// <summary>A new name beside a path, of the kind that <see cref="RemoveAbandoned"/> knows.</summary>
    internal static string TemporaryName(string path) => $"{path}.{Guid.NewGuid():N}.tmp";

    /// <summary>
    /// Removes temporary files of a path whose process was killed while it wrote them. One that a living process writes is locked by it, and stays; so does one that cannot be
    /// removed, which the next writer tries again. The whole folder is looked through: not for files of which many are written into one.
    /// </summary>
    /// <param name="path">The file that they were to become.</param>
    /// <param name="age">How long nobody has written to them; zero where no other process can be writing.</param>
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

    /// <summary>Removes a file after an error, which the user has to hear of rather than of this. One that stays is <see cref="RemoveAbandoned"/>'s.</summary>
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
            // In use, or not ours: writing does not depend on it.
        }
    }

    [GeneratedRegex(@"^\.[0-9a-f]{32}\.tmp\z")]
    private static partial Regex TemporaryEnd();

    /// <summary>A complete file that does not have its name yet. Disposed without <see cref="Commit"/> it is removed.</summary>
    internal sealed class PendingFile(string beside, string path) : IDisposable
    {
        private bool _committed;

        /// <summary>Gives the file its name.</summary>
        /// <param name="previous">Another name that the old file gets; null where it is not kept.</param>
        /// <exception cref="IOException">It cannot have it; the old file is unchanged.</exception>
        internal void Commit(string? previous = null)
        {
            if (previous is not null && File.Exists(path))
                File.Replace(beside, path, previous);
            else
                File.Move(beside, path, overwrite: true);
            _committed = true;
        }

        public void Dispose()
        {
            if (!_committed)
                DeleteIfPossible(beside);
        }
    }
}
