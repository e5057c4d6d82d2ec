// What tells whether an entry of a model file is as it was written.
using System.IO.Hashing;
using System.Security.Cryptography;

namespace Microsoft.ML.VisionTransformer.Interop;

/// <summary>
/// XXH128: it finds damage, which is all that a checksum in the same file can do, at the speed of memory. Files written before it have SHA-256, which alone takes longer than copying the bytes.
/// </summary>
internal sealed class EntryChecksum : IDisposable
{
    internal const int Length = 16, OldLength = 32;

    private readonly byte[] _expected;
    private readonly XxHash128? _hash;
    private readonly IncrementalHash? _old;

    /// <param name="expected">The checksum of the whole content, of either kind.</param>
    internal EntryChecksum(byte[] expected)
    {
        _expected = expected;
        if (expected.Length == OldLength)
            _old = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        else
            _hash = new XxHash128();
    }

    internal static byte[] Of(ReadOnlySpan<byte> content) => XxHash128.Hash(content);

    /// <summary>The next bytes of the content.</summary>
    internal void Append(ReadOnlySpan<byte> content)
    {
        _hash?.Append(content);
        _old?.AppendData(content);
    }

    /// <summary>Whether the content, which is complete, has the checksum.</summary>
    internal bool Matches() => _expected.AsSpan().SequenceEqual(_hash?.GetCurrentHash() ?? _old!.GetCurrentHash());

    public void Dispose() => _old?.Dispose();
}
