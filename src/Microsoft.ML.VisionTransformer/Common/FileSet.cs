// Several files that belong together: replaced so that no reader meets parts of two sets.
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Common;

/// <summary>
/// Nothing can rename several files at once. One of them, the main file, is what a reader opens, and it is missing while the others are replaced: whoever comes in between, or after a
/// process that was killed in between, finds no set, never a mixture of an old and a new one.
/// </summary>
/// <param name="main">The main file.</param>
internal sealed class FileSet(string main) : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

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
        using var turn = OneWriter();
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
            RestoreIfPossible(aside);
            aside = null;    // it is the main file again, or where that failed the only copy of it
            throw;
        }
        finally
        {
            if (aside is not null)
                AtomicFile.DeleteIfPossible(aside);
        }
    }

    /// <summary>Where it is not, the old main file stays beside its name; the user has to hear of the error before.</summary>
    private void RestoreIfPossible(string aside)
    {
        try
        {
            File.Move(aside, main);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What is reported is why the set could not be replaced.
        }
    }

    /// <summary>Two processes or threads that replace one set at the same time would leave parts of both: one waits for the other.</summary>
    private MutexHolder OneWriter()
    {
        string path = OperatingSystem.IsWindows() ? Path.GetFullPath(main).ToUpperInvariant() : Path.GetFullPath(main);
        return new MutexHolder($"Microsoft.ML.VisionTransformer.{Convert.ToHexString(XxHash128.Hash(MemoryMarshal.AsBytes(path.AsSpan())))}", main);
    }

    private sealed class MutexHolder : IDisposable
    {
        private readonly Mutex _mutex;

        internal MutexHolder(string name, string path)
        {
            _mutex = new Mutex(initiallyOwned: false, name);
            try
            {
                if (!_mutex.WaitOne(_patience))
                    throw new IOException($"Another process has been writing {path} for {_patience.TotalSeconds:F0} seconds. Wait until it has ended, or choose another path.");
            }
            catch (AbandonedMutexException)
            {
                // The process that had it was killed: this one has it now.
            }
            catch
            {
                _mutex.Dispose();
                throw;
            }
        }

        public void Dispose()
        {
            _mutex.ReleaseMutex();
            _mutex.Dispose();
        }
    }

    public void Dispose()
    {
        _main?.Dispose();
        foreach (var (_, file) in _others)
            file?.Dispose();
    }
}
