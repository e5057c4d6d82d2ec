// What tells whether an entry of a model file is as it was written.
using System.IO.Hashing;
using System.Security.Cryptography;

namespace Microsoft.ML.VisionTransformer.Interop;

/// <summary>
/// XXH128: it finds damage, which is all that a checksum in the same file can do, at the speed of memory. Files written before it have SHA-256, which alone takes longer than copying the bytes.
/// </summary>
internal static class EntryChecksum
{
    internal const int Length = 16, OldLength = 32;

    internal static byte[] Of(ReadOnlySpan<byte> content) => XxHash128.Hash(content);

    /// <summary>Whether content has the checksum, of either kind.</summary>
    internal static bool Matches(ReadOnlySpan<byte> content, ReadOnlySpan<byte> checksum) =>
        checksum.SequenceEqual(checksum.Length == OldLength ? SHA256.HashData(content) : Of(content));
}
