// Downloads one blob into the cache: resumes partial downloads, verifies the content, and renames the file once it is complete.
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Hub;

/// <summary>Downloads blobs of one model; the caller holds the blob's lock.</summary>
internal sealed class HubDownload(HubSettings settings, HubErrors errors, HubClient client, HubCache cache, Action<string> log)
{
    /// <summary>A file with wrong content is downloaded once more, because the first download may have resumed from an outdated partial file.</summary>
    private const int MaxDownloads = 2;

    /// <summary>Downloads and verifies the blob.</summary>
    /// <exception cref="ModelDownloadException">The blob cannot be downloaded, does not match what the hub reported, or cannot be stored.</exception>
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
            if (downloads == MaxDownloads)
                throw errors.Corrupt(file, problem, downloads);
            log(errors.Clean($"{file.Name} {problem}; downloading it again."));
        }

        cache.OnDisk(cache.Blob(file.Etag), () => File.Move(incomplete, cache.Blob(file.Etag), overwrite: true));
    }

    /// <summary>Retries until the whole file is received. A dropped connection is resumed at the last byte received.</summary>
    private async Task ReceiveAsync(HubFile file, string incomplete, CancellationToken cancellation)
    {
        var progress = new HubProgress(file.Name, file.Bytes, settings, log);
        long most = Length(incomplete);
        await HubRetry.RunAsync(settings, settings.Attempts, AttemptAsync, Progressed, log, errors.GaveUp, cancellation);

        async Task<bool> AttemptAsync(int run)
        {
            // Later attempts go through the hub again, because the first attempt's signed URL may have expired.
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
            return;    // complete or too long; the content check decides
        using var response = await client.SendAsync(HttpMethod.Get, address, have, settings.DownloadTimeout, (_, _) => false, cancellation);
        if (response.StatusCode == HttpStatusCode.NotFound)
            throw errors.Unexpected(response);
        bool continues = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == have;
        if (have > 0 && !continues)
            log($"{file.Name}: the server cannot resume at byte {have}; restarting the download.");
        else if (have > 0)
            log($"{file.Name}: resumed after {HubErrors.Size(have)}.");
        if (!continues && response.StatusCode != HttpStatusCode.OK)
        {
            cache.OnDisk(incomplete, () => File.Delete(incomplete));
            throw new HubAttemptException(errors.Clean($"{HubErrors.DescribeResponse(response)} instead of the file"));
        }

        await CopyAsync(file, response, incomplete, continues ? have : 0, progress, cancellation);
    }

    /// <summary>Writes the response body after the first <paramref name="from"/> bytes.</summary>
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
                return;    // longer than reported; the content check will reject the file
        }

        // Flush before renaming, or a power failure could leave the final name without the data.
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

/// <summary>Checks a downloaded file against the size and hash that the hub reported.</summary>
/// <remarks>
/// The ETag of a large file is the SHA-256 of its bytes (Git LFS), 64 hexadecimal digits. The ETag of a small file is its git blob id, the SHA-1 of
/// <c>blob {length}\0</c> and the bytes, 40 digits. With any other ETag only the size is checked.
/// </remarks>
internal static class HubContent
{
    /// <summary>What is wrong with the file, worded to follow its name; null if it is correct.</summary>
    internal static string? Problem(HubFile file, string path, CancellationToken cancellation)
    {
        long length = new FileInfo(path).Length;
        if (file.Bytes is { } expected && length != expected)
            return string.Create(CultureInfo.InvariantCulture, $"has {length} bytes, but the hub reported {expected}");
        if (!file.Etag.All(char.IsAsciiHexDigit) || file.Etag.Length is not (64 or 40))
            return null;
        string found = file.Etag.Length == 64 ? Hash(HashAlgorithmName.SHA256, "", path, cancellation) : GitName(path, length, cancellation);
        return found.Equals(file.Etag, StringComparison.OrdinalIgnoreCase)
            ? null
            : $"has the {(file.Etag.Length == 64 ? "SHA-256" : "git SHA-1")} {found}, but the hub reported {file.Etag}";
    }

    [SuppressMessage("Security", "CA5350", Justification = "Git identifies blobs by SHA-1; the hub provides no other hash for small files.")]
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
/// Logs the progress of a download in lines such as "model.safetensors: 12.3 of 22.9 MB (54%)". Consecutive lines are at least the interval and 5% of
/// the file apart (10 MB if the size is unknown).
/// </summary>
internal sealed class HubProgress(string file, long? bytes, HubSettings settings, Action<string> log)
{
    private readonly long _step = bytes / 20 ?? 10_000_000;
    private long _lastTime = settings.Clock.GetTimestamp();
    private long _lastBytes;

    /// <summary>Logs the number of bytes received, if it is time for the next line.</summary>
    internal void Report(long done)
    {
        if (done - _lastBytes < _step || settings.Clock.GetElapsedTime(_lastTime) < settings.ProgressInterval)
            return;
        (_lastBytes, _lastTime) = (done, settings.Clock.GetTimestamp());
        log(bytes is > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{file}: {done / 1e6:0.0} of {bytes / 1e6:0.0} MB ({100 * (double)done / bytes:0}%)")
            : string.Create(CultureInfo.InvariantCulture, $"{file}: {done / 1e6:0.0} MB"));
    }
}
