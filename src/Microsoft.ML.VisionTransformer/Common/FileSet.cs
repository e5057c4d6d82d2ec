// Several files that belong together: replaced so that no reader meets parts of two sets.
namespace Microsoft.ML.VisionTransformer.Common;

/// <summary>
/// Nothing can rename several files at once. One of them, the main file, is what a reader opens, and it is missing while the others are replaced: whoever comes in between, or after a
/// process that was killed in between, finds no set, never a mixture of an old and a new one.
/// </summary>
/// <param name="main">The main file.</param>
internal sealed class FileSet(string main) : IDisposable
{
    private readonly List<(string Path, AtomicFile.PendingFile? File)> _others = [];
    private AtomicFile.PendingFile? _main;

    /// <summary>Writes a file of the set beside its path.</summary>
    /// <exception cref="IOException">The folder cannot be written to; the old files are unchanged.</exception>
    internal void Write(string path, Action<Stream> write)
    {
        AtomicFile.RemoveAbandoned(path, AtomicFile.AbandonedAfter);
        var file = AtomicFile.Begin(path, write);
        if (path == main)
            _main = file;
        else
            _others.Add((path, file));
    }

    /// <summary>A file of the old set that the new one does not have.</summary>
    internal void Remove(string path) => _others.Add((path, null));

    /// <summary>Gives all files their names.</summary>
    /// <exception cref="IOException">One cannot have its name: the old set is unchanged, or where some files were replaced already, there is no main file.</exception>
    internal void Commit()
    {
        string? aside = File.Exists(main) && _others.Exists(other => File.Exists(other.Path)) ? AtomicFile.TemporaryName(main) : null;
        if (aside is not null)
            File.Move(main, aside);
        bool changed = false;
        try
        {
            foreach (var (path, file) in _others)
            {
                if (file is null)
                    File.Delete(path);
                else
                    file.Commit();
                changed = true;
            }

            _main?.Commit();
        }
        catch when (aside is not null && !changed)
        {
            File.Move(aside, main);
            throw;
        }
        finally
        {
            if (aside is not null)
                File.Delete(aside);
        }
    }

    public void Dispose()
    {
        _main?.Dispose();
        foreach (var (_, file) in _others)
            file?.Dispose();
    }
}
