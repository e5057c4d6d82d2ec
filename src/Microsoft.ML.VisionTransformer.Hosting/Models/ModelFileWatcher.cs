// Watches a model file, and calls back when it has changed and then stayed the same for a while.
namespace Microsoft.ML.VisionTransformer.Hosting.Models;

/// <summary>
/// Notifications of the operating system start the wait; the file is also checked at intervals, because network folders and mounted volumes often send none.
/// Calls back on one thread at a time.
/// </summary>
internal sealed class ModelFileWatcher : IDisposable
{
    private readonly string _path;
    private readonly TimeSpan _delay, _interval;
    private readonly Func<bool> _changed;
    private readonly FileSystemWatcher _watcher;
    private readonly Timer _timer;
    private readonly object _lock = new();
    private Stamp _loaded, _seen;
    private bool _closed;

    /// <param name="path">The file.</param>
    /// <param name="loaded">The state of the file before it was loaded.</param>
    /// <param name="delay">How long the file must stay the same.</param>
    /// <param name="interval">How often it is checked without a notification.</param>
    /// <param name="changed">Called for each changed file; if it returns false, it is called again after the interval.</param>
    internal ModelFileWatcher(string path, Stamp loaded, TimeSpan delay, TimeSpan interval, Func<bool> changed)
    {
        (_path, _loaded, _seen, _delay, _interval, _changed) = (Path.GetFullPath(path), loaded, loaded, delay, interval, changed);
        _timer = new Timer(_ => Check(), null, interval, interval);
        _watcher = new FileSystemWatcher(Path.GetDirectoryName(_path)!, Path.GetFileName(_path)) { NotifyFilter = NotifyFilters.LastWrite | NotifyFilters.Size | NotifyFilters.FileName };
        _watcher.Changed += (_, _) => Wait();
        _watcher.Created += (_, _) => Wait();
        _watcher.Renamed += (_, _) => Wait();
        try
        {
            _watcher.EnableRaisingEvents = true;
        }
        catch (IOException)
        {
            // The user has no more inotify instances. The checks at intervals remain.
        }
    }

    public void Dispose()
    {
        _watcher.Dispose();
        lock (_lock)
            _closed = true;
        _timer.Dispose();
    }

    private void Wait()
    {
        lock (_lock)
        {
            if (!_closed)
                _timer.Change(_delay, _interval);
        }
    }

    private void Check()
    {
        // A check that runs longer than the interval is loading the file.
        if (!Monitor.TryEnter(_lock))
            return;
        try
        {
            var now = Stamp.Of(_path);
            if (_closed || now == _loaded || now == Stamp.Missing)
                return;
            if (now != _seen)
            {
                // New since the last check: it may still be written.
                _seen = now;
                _timer.Change(_delay, _interval);
                return;
            }

            if (_changed())
                _loaded = now;
        }
        finally
        {
            Monitor.Exit(_lock);
        }
    }

    /// <summary>What tells one version of a file from another.</summary>
    internal readonly record struct Stamp(DateTime Written, long Length)
    {
        internal static readonly Stamp Missing = new(default, -1);

        internal static Stamp Of(string path)
        {
            try
            {
                // A link, as Kubernetes mounts files with, has the stamp of what it points to.
                var file = new FileInfo(path);
                var target = (FileInfo?)(file.LinkTarget is null ? null : file.ResolveLinkTarget(returnFinalTarget: true)) ?? file;
                return target.Exists ? new(target.LastWriteTimeUtc, target.Length) : Missing;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Links in a circle, or a file that was removed or locked meanwhile.
                return Missing;
            }
        }
    }
}
