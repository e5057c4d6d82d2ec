// The folder of one model in the cache that is shared with huggingface_hub, and the lock on its files.
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Hub;

/// <summary>Paths of a model, and what is there.</summary>
/// <remarks>
/// Layout of <c>models--owner--name</c>, as huggingface_hub describes it in its guide "Understand caching"; the locks are beside it, in
/// <c>.locks/models--owner--name/etag.lock</c>:
/// <list type="table">
/// <item><term>refs/main</term><description>text: the commit that the branch or tag stood for when it was last asked</description></item>
/// <item><term>blobs/etag</term><description>the bytes of a file, by its hash; <c>etag.incomplete</c> while it is downloaded</description></item>
/// <item><term>snapshots/commit/file</term><description>relative link to the blob; the file itself where links are not possible</description></item>
/// <item><term>.no_exist/commit/file</term><description>empty: the commit does not have the file</description></item>
/// </list>
/// </remarks>
internal sealed class HubCache(HubModelId id, HubSettings settings, HubErrors errors)
{
    private readonly string _name = "models--" + id.Repository.Replace("/", "--", StringComparison.Ordinal);

    private string Folder => Path.Combine(settings.CacheFolder, _name);

    /// <summary>The folder of one commit.</summary>
    internal string Snapshot(string commit) => Path.Combine(Folder, "snapshots", commit);

    internal string Pointer(string commit, string file) => Path.Combine(Snapshot(commit), file);

    internal string Blob(string etag) => Path.Combine(Folder, "blobs", etag);

    internal string Lock(string etag) => Path.Combine(settings.CacheFolder, ".locks", _name, etag + ".lock");

    /// <summary>Whether the commit's folder has the file; a link to a blob that is gone does not count.</summary>
    internal bool Has(string commit, string file) => IsThere(Pointer(commit, file));

    /// <summary>Whether it is known that the commit does not have the file.</summary>
    internal bool IsKnownAbsent(string commit, string file) => File.Exists(Absent(commit, file));

    /// <summary>The newest snapshot of the id's revision that holds weights, without asking the network; null where there is none.</summary>
    internal string? FindUsable()
    {
        string? commit = id.IsCommit ? id.Revision : ReadReference();
        return commit is not null && HubWeights.InOrder.Any(file => HasWeights(commit, file)) ? Snapshot(commit) : null;
    }

    /// <summary>The names of the shards that the index of that commit lists.</summary>
    /// <exception cref="InvalidCheckpointException">The index is broken, or names a file outside its folder.</exception>
    internal IReadOnlyCollection<string> Shards(string commit) => ShardedSafetensorsCheckpoint.ShardNames(Pointer(commit, HubWeights.Index));

    /// <summary>Notes which commit the branch or tag stands for; a commit needs no note.</summary>
    internal void WriteReference(string commit)
    {
        if (commit == id.Revision || ReadReference() == commit)
            return;    // an unchanged cache may be one that cannot be written
        string path = Reference();
        OnDisk(path, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            AtomicFile.Write(path, stream => stream.Write(System.Text.Encoding.ASCII.GetBytes(commit)));
        });
    }

    /// <summary>Notes that the commit does not have the file.</summary>
    internal void WriteAbsent(string commit, string file)
    {
        string path = Absent(commit, file);
        OnDisk(path, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Open(path, FileMode.OpenOrCreate).Dispose();
        });
    }

    /// <summary>Gives the blob its name in the commit's folder.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="file">The name.</param>
    /// <param name="etag">The blob.</param>
    /// <param name="isNew">No other name can refer to the blob yet, so that it may be moved where links are not possible.</param>
    internal void Link(string commit, string file, string etag, bool isNew)
    {
        string pointer = Pointer(commit, file), blob = Blob(etag);
        OnDisk(pointer, () =>
        {
            Directory.CreateDirectory(Snapshot(commit));
            if (IsThere(pointer))
                return;
            File.Delete(pointer);    // a link to a blob that is gone
            try
            {
                settings.CreateLink(pointer, Path.GetRelativePath(Snapshot(commit), blob));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (!IsThere(pointer))    // else another process made the link between the look and the attempt
                    Install(blob, pointer, isNew);    // as huggingface_hub does under Windows without the right to make links
            }
        });
    }

    /// <summary>Runs something that touches the cache; an error there becomes one that says what to do.</summary>
    internal void OnDisk(string path, Action action) => OnDisk(path, () =>
    {
        action();
        return true;
    });

    /// <inheritdoc cref="OnDisk(string, Action)"/>
    internal T OnDisk<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is (IOException and not ModelDownloadException) or UnauthorizedAccessException)
        {
            throw errors.Disk(path, e);
        }
    }

    /// <summary>Follows links to their end.</summary>
    internal static bool IsThere(string path)
    {
        var file = new FileInfo(path);
        return file.LinkTarget is null ? file.Exists : file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo { Exists: true };
    }

    private bool HasWeights(string commit, string file) =>
        Has(commit, file) && (file != HubWeights.Index || Shards(commit).All(shard => Has(commit, shard)));

    private static void Install(string blob, string pointer, bool isNew)
    {
        if (isNew)
        {
            File.Move(blob, pointer, overwrite: true);
            return;
        }

        AtomicFile.Write(pointer, target =>
        {
            using var source = new FileStream(blob, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            source.CopyTo(target);
        });
    }

    private string Reference() => Path.Combine([Folder, "refs", .. id.Revision.Split('/')]);

    private string Absent(string commit, string file) => Path.Combine(Folder, ".no_exist", commit, file);

    /// <summary>The commit of the branch or tag; null where it was never noted, or the note is no plain name.</summary>
    private string? ReadReference()
    {
        string path = Reference();
        string commit = OnDisk(path, () => File.Exists(path) ? File.ReadAllText(path).Trim() : "");
        return commit.Length > 0 && commit.All(char.IsAsciiLetterOrDigit) ? commit : null;
    }
}

/// <summary>Waits until no other process downloads the same blob. The lock file of a blob, held while it is downloaded.</summary>
/// <remarks>
/// Under Linux and macOS a file opened with <see cref="FileShare.None"/> is locked with flock(2), which is what the filelock package of Python uses
/// (<c>fcntl.flock</c>): each waits for the other. Under Windows filelock keeps the file open and locks its first byte; opening it here fails as long as it
/// is open there, and the other way round. The file stays after the download, as huggingface_hub leaves it. On a file system without flock nothing is
/// locked; two downloads then cost time, but the blob still gets its name only when it is whole.
/// </remarks>
internal static class HubLock
{
    private const int WouldBlockLinux = 11;
    private const int WouldBlockMacOS = 35;
    private const int SharingViolation = unchecked((int)0x80070020);

    /// <summary>The lock; disposing it lets the next one in.</summary>
    /// <param name="path">The lock file, made where it is not there.</param>
    /// <param name="interval">How often to try.</param>
    /// <param name="waiting">Called once, before the first wait.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="IOException">The file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be made.</exception>
    internal static async Task<FileStream> TakeAsync(string path, TimeSpan interval, Action waiting, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        for (bool told = false; ; told = true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e.HResult is WouldBlockLinux or WouldBlockMacOS or SharingViolation)
            {
                if (!told)
                    waiting();
            }

            await Task.Delay(interval, cancellation);
        }
    }
}
