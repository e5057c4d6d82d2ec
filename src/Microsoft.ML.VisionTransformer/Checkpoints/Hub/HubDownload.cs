// Brings one blob into the cache: resumed, checked, and under its name only when it is whole.
using System.Net;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Downloads blobs of one model; the caller holds the blob's lock.</summary>
internal sealed class HubDownload(HubSettings settings, HubErrors errors, HubClient client, HubCache cache, Action<string> log)
{
    /// <summary>A file whose bytes are wrong is fetched once more: the first may have been resumed from bytes of another day.</summary>
    private const int MostDownloads = 2;

    /// <summary>The blob is there and right when this returns.</summary>
    /// <exception cref="ModelDownloadException">It cannot be had, is not what the hub announced, or cannot be stored.</exception>
    internal async Task FetchAsync(HubFile file, CancellationToken cancellation)
    {
        string incomplete = cache.Blob(file.Etag) + ".incomplete";
        cache.OnDisk(incomplete, () => Directory.CreateDirectory(Path.GetDirectoryName(incomplete)!));
        for (int downloads = 1; ; downloads++)
        {
            await ReceiveAsync(file, incomplete, cancellation);
            string? problem = cache.OnDisk(incomplete, () => HubContent.Problem(file, incomplete, cancellation));
            if (problem is null)
                break;
            cache.OnDisk(incomplete, () => File.Delete(incomplete));
            if (downloads == MostDownloads)
                throw errors.Corrupt(file, problem, downloads);
            log(errors.Clean($"{file.Name} {problem}; it is downloaded again."));
        }

        cache.OnDisk(cache.Blob(file.Etag), () => File.Move(incomplete, cache.Blob(file.Etag), overwrite: true));
    }

    /// <summary>Attempts until the server has sent all it has to send; dropped connections are taken up where they ended.</summary>
    private async Task ReceiveAsync(HubFile file, string incomplete, CancellationToken cancellation)
    {
        var progress = new HubProgress(file.Name, file.Bytes, settings, log);
        long most = Length(incomplete);
        await HubRetry.RunAsync(settings, settings.Attempts, AttemptAsync, Progressed, log, errors.GaveUp, cancellation);

        async Task<bool> AttemptAsync(int run)
        {
            // Later attempts ask the hub again: a signed address of the first may have expired.
            await ReceiveOnceAsync(file, run == 1 ? file.Location : file.Address, incomplete, progress, cancellation);
            return true;
        }

        bool Progressed()
        {
            long length = Length(incomplete);
            bool more = length > most;
            most = Math.Max(most, length);
            return more;
        }
    }

    private async Task ReceiveOnceAsync(HubFile file, Uri address, string incomplete, HubProgress progress, CancellationToken cancellation)
    {
        long have = Length(incomplete);
        if (have > 0 && have >= file.Bytes)
            return;    // whole, or too long: the check will tell
        using var response = await client.SendAsync(HttpMethod.Get, address, have, settings.DownloadTimeout, (_, _) => false, cancellation);
        if (response.StatusCode == HttpStatusCode.NotFound)
            throw errors.Unexpected(response);
        bool continues = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == have;
        if (have > 0 && !continues)
            log($"{file.Name}: the server does not continue at byte {have}; it is downloaded from the start.");
        else if (have > 0)
            log($"{file.Name}: continued after {HubErrors.Size(have)}.");
        if (!continues && response.StatusCode != HttpStatusCode.OK)
        {
            cache.OnDisk(incomplete, () => File.Delete(incomplete));
            throw new HubAttemptException(errors.Clean($"{HubErrors.Answer(response)} instead of the file"));
        }

        await CopyAsync(file, response, incomplete, continues ? have : 0, progress, cancellation);
    }

    /// <summary>Writes the answer's body behind the first <paramref name="from"/> bytes.</summary>
    private async Task CopyAsync(HubFile file, HttpResponseMessage response, string incomplete, long from, HubProgress progress, CancellationToken cancellation)
    {
        string what = $"GET {HubErrors.Shown(response.RequestMessage!.RequestUri!)}";
        using var body = await response.Content.ReadAsStreamAsync(cancellation);
        using var target = cache.OnDisk(incomplete, () => OpenAt(incomplete, from));
        byte[] buffer = new byte[1 << 18];
        while (true)
        {
            int read = await HubClient.WithinAsync(settings.DownloadTimeout, what, async token => await body.ReadAsync(buffer, token), cancellation);
            if (read == 0)
                break;
            cache.OnDisk(incomplete, () => target.Write(buffer, 0, read));
            progress.Report(target.Position);
            if (target.Position > file.Bytes)
                return;    // more than announced: the check will refuse it, the rest need not be fetched
        }

        // Before it gets its name, or a power cut could leave the name without the bytes.
        cache.OnDisk(incomplete, () => target.Flush(flushToDisk: true));
    }

    private static FileStream OpenAt(string path, long length)
    {
        var file = new FileStream(path, length == 0 ? FileMode.Create : FileMode.Open, FileAccess.Write, FileShare.Read, bufferSize: 0);
        file.Position = length;
        return file;
    }

    private static long Length(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;
}
