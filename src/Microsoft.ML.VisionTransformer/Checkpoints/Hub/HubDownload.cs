// Brings one blob into the cache: resumed, checked, and under its name only when it is whole.
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Hub;

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
            throw new HubAttemptException(errors.Clean($"{HubErrors.DescribeResponse(response)} instead of the file"));
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

/// <summary>Checks that downloaded bytes are those that the hub announced.</summary>
/// <remarks>
/// The hub's tag of a large file is the SHA-256 of its bytes (Git LFS), 64 hexadecimal digits; that of a small one is git's name for it, the SHA-1 of
/// <c>blob {length}\0</c> and the bytes, 40 digits. A tag of another form says nothing about the bytes; then the size alone is checked.
/// </remarks>
internal static class HubContent
{
    /// <summary>What is wrong with the file, as the end of a sentence about it; null where nothing is.</summary>
    internal static string? Problem(HubFile file, string path, CancellationToken cancellation)
    {
        long length = new FileInfo(path).Length;
        if (file.Bytes is { } expected && length != expected)
            return string.Create(CultureInfo.InvariantCulture, $"has {length} bytes, the hub announced {expected}");
        if (!file.Etag.All(char.IsAsciiHexDigit) || file.Etag.Length is not (64 or 40))
            return null;
        string found = file.Etag.Length == 64 ? Hash(HashAlgorithmName.SHA256, "", path, cancellation) : GitName(path, length, cancellation);
        return found.Equals(file.Etag, StringComparison.OrdinalIgnoreCase)
            ? null
            : $"has the {(file.Etag.Length == 64 ? "SHA-256" : "git SHA-1")} {found}, the hub announced {file.Etag}";
    }

    [SuppressMessage("Security", "CA5350", Justification = "Git names its blobs by SHA-1; there is nothing else to compare with.")]
    private static string GitName(string path, long length, CancellationToken cancellation) =>
        Hash(HashAlgorithmName.SHA1, string.Create(CultureInfo.InvariantCulture, $"blob {length}\0"), path, cancellation);

    private static string Hash(HashAlgorithmName algorithm, string prefix, string path, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(algorithm);
        hash.AppendData(Encoding.ASCII.GetBytes(prefix));
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        byte[] buffer = new byte[1 << 20];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
        }

        return Convert.ToHexString(hash.GetHashAndReset()).ToLowerInvariant();
    }
}

/// <summary>
/// Says how far a download is, seldom enough to be read.
/// Lines such as "model.safetensors: 12.3 of 22.9 MB (54 %)"; between two lie at least the interval and 5 % of the file (10 MB of an unknown size).
/// </summary>
internal sealed class HubProgress(string file, long? bytes, HubSettings settings, Action<string> log)
{
    private readonly long _step = bytes / 20 ?? 10_000_000;
    private long _lastTime = settings.Clock.GetTimestamp();
    private long _lastBytes;

    /// <summary>That many bytes are there.</summary>
    internal void Report(long done)
    {
        if (done - _lastBytes < _step || settings.Clock.GetElapsedTime(_lastTime) < settings.ProgressInterval)
            return;
        (_lastBytes, _lastTime) = (done, settings.Clock.GetTimestamp());
        log(bytes is > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{file}: {done / 1e6:0.0} of {bytes / 1e6:0.0} MB ({100 * (double)done / bytes:0} %)")
            : string.Create(CultureInfo.InvariantCulture, $"{file}: {done / 1e6:0.0} MB"));
    }
}
