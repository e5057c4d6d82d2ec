// Replaces several files that belong together, without exposing a mix of two sets to readers.
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Microsoft.ML.VisionTransformer.Common;

/// <summary>
/// Several files cannot be renamed atomically. Readers open the main file first, and it is missing while the others are replaced: a reader that comes
/// in between, or after the process was killed in between, finds no set instead of a mix of an old and a new one.
/// </summary>
/// <param name="main">The main file.</param>
internal sealed class FileSet(string main) : IDisposable
{
    private static readonly TimeSpan _timeout = TimeSpan.FromMinutes(1);

    private readonly List<(string Path, AtomicFile.PendingFile? File)> _others = [];
    private AtomicFile.PendingFile? _main;

    /// <summary>Writes a file of the set under a temporary name.</summary>
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

    /// <summary>Renames all files to their final names.</summary>
    /// <exception cref="IOException">
    /// A file cannot be renamed: the old set is unchanged, or, if some files were already replaced, there is no main file.
    /// </exception>
    internal void Commit()
    {
        using var mutex = OneWriter();
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
            aside = null;    // it is the main file again, or the only copy of it if that failed
            throw;
        }
        finally
        {
            if (aside is not null)
                AtomicFile.DeleteIfPossible(aside);
        }
    }

    /// <summary>If this fails, the old main file keeps its temporary name until a later write cleans up; the original error is reported.</summary>
    private void RestoreIfPossible(string aside)
    {
        try
        {
            File.Move(aside, main);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The original error, which explains why the set could not be replaced, is reported.
        }
    }

    /// <summary>Serializes writers of the same set, in all processes: concurrent writers would leave a mix of both sets.</summary>
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
                if (!_mutex.WaitOne(_timeout))
                    throw new IOException($"Another process has been writing {path} for {_timeout.TotalSeconds:F0} seconds. Wait until it has finished, or choose another path.");
            }
            catch (AbandonedMutexException)
            {
                // The previous owner was killed; this process now owns the mutex.
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
