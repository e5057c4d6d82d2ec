// The folder of one model in the cache shared with huggingface_hub, and the lock on its blobs.
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Hub;

/// <summary>Paths and content of one model in the cache.</summary>
/// <remarks>
/// Layout of <c>models--owner--name</c>, as described in huggingface_hub's guide "Understand caching". The locks are in
/// <c>.locks/models--owner--name/etag.lock</c> next to it:
/// <list type="table">
/// <item><term>refs/main</term><description>text: the commit of the branch or tag at the last request</description></item>
/// <item><term>blobs/etag</term><description>the content of a file, named by its hash; <c>etag.incomplete</c> during the download</description></item>
/// <item><term>snapshots/commit/file</term><description>relative link to the blob; the file itself if links are not supported</description></item>
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

    /// <summary>Whether the commit's folder has the file; a link to a deleted blob does not count.</summary>
    internal bool Has(string commit, string file) => Exists(Pointer(commit, file));

    /// <summary>Whether the cache records that the commit does not have the file.</summary>
    internal bool IsKnownAbsent(string commit, string file) => File.Exists(Absent(commit, file));

    /// <summary>The latest cached snapshot of the id's revision that has weights, without network access; null if there is none.</summary>
    internal string? FindUsable()
    {
        string? commit = id.IsCommit ? id.Revision : ReadReference();
        return commit is not null && HubWeights.InOrder.Any(file => HasWeights(commit, file)) ? Snapshot(commit) : null;
    }

    /// <summary>The names of the shards in the commit's index.</summary>
    /// <exception cref="InvalidCheckpointException">The index is invalid, or lists a file outside its folder.</exception>
    internal IReadOnlyCollection<string> Shards(string commit) => ShardedSafetensorsCheckpoint.ShardNames(Pointer(commit, HubWeights.Index));

    /// <summary>Records the commit of the branch or tag. Nothing is written if the revision is itself a commit.</summary>
    internal void WriteReference(string commit)
    {
        if (commit == id.Revision || ReadReference() == commit)
            return;    // avoids a write, because the cache may be read-only
        string path = Reference();
        OnDisk(path, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            AtomicFile.Write(path, stream => stream.Write(System.Text.Encoding.ASCII.GetBytes(commit)));
        });
    }

    /// <summary>Records that the commit does not have the file.</summary>
    internal void WriteAbsent(string commit, string file)
    {
        string path = Absent(commit, file);
        OnDisk(path, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Open(path, FileMode.OpenOrCreate).Dispose();
        });
    }

    /// <summary>Links the blob into the commit's folder.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="file">The file name.</param>
    /// <param name="etag">The blob.</param>
    /// <param name="isNew">Whether no other link refers to the blob yet. If links are not supported, a new blob is moved instead of copied.</param>
    internal void Link(string commit, string file, string etag, bool isNew)
    {
        string pointer = Pointer(commit, file), blob = Blob(etag);
        OnDisk(pointer, () =>
        {
            Directory.CreateDirectory(Snapshot(commit));
            if (Exists(pointer))
                return;
            File.Delete(pointer);    // a link to a deleted blob
            try
            {
                settings.CreateLink(pointer, Path.GetRelativePath(Snapshot(commit), blob));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (!Exists(pointer))    // otherwise another process created the link after the check
                    Install(blob, pointer, isNew);    // as huggingface_hub does on Windows without permission to create links
            }
        });
    }

    /// <summary>Runs a disk operation on the cache and converts its errors to a <see cref="ModelDownloadException"/> with advice.</summary>
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

    /// <summary>Whether the file, or the final target of the link, exists.</summary>
    internal static bool Exists(string path)
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

    /// <summary>The recorded commit of the branch or tag; null if there is none or it is not a plain name.</summary>
    private string? ReadReference()
    {
        string path = Reference();
        string commit = OnDisk(path, () => File.Exists(path) ? File.ReadAllText(path).Trim() : "");
        return commit.Length > 0 && commit.All(char.IsAsciiLetterOrDigit) ? commit : null;
    }
}

/// <summary>The lock file of a blob. It is held during the download, so only one process downloads a blob at a time.</summary>
/// <remarks>
/// On Linux and macOS, .NET locks a file opened with <see cref="FileShare.None"/> with flock(2), which Python's filelock package also uses
/// (<c>fcntl.flock</c>), so each waits for the other. On Windows, filelock keeps the file open and locks its first byte; opening the file here fails
/// while it is open there, and vice versa. The lock file is not deleted after the download, as in huggingface_hub. On a file system without flock nothing
/// is locked: two processes may download the same blob, but the blob is still renamed only when it is complete.
/// </remarks>
internal static class HubLock
{
    private const int WouldBlockLinux = 11;
    private const int WouldBlockMacOS = 35;
    private const int SharingViolation = unchecked((int)0x80070020);

    /// <summary>Takes the lock; disposing the stream releases it.</summary>
    /// <param name="path">The lock file; created if necessary.</param>
    /// <param name="interval">Time between attempts.</param>
    /// <param name="waiting">Called once, before the first wait.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <exception cref="IOException">The file cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be created.</exception>
    internal static async Task<FileStream> TakeAsync(string path, TimeSpan interval, Action waiting, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        for (bool notified = false; ; notified = true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e.HResult is WouldBlockLinux or WouldBlockMacOS or SharingViolation)
            {
                if (!notified)
                    waiting();
            }

            await Task.Delay(interval, cancellation);
        }
    }
}
