// Checks that downloaded bytes are those that the hub announced.
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
