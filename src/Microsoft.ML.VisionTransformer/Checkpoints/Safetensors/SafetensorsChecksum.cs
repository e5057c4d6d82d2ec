// A checksum inside a safetensors file: its last tensor, over all bytes before it.
using System.IO.Hashing;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>
/// XXH128, as the entries of a model file have it. It covers the length, the header and all data, so that no bit of the file can change unseen; for other readers it is a tensor of 16
/// bytes by the name <see cref="Name"/>.
/// </summary>
internal static class SafetensorsChecksum
{
    internal const string Name = "checksum";

    internal const int Length = 16;

    private const int BlockBytes = 1 << 20;

    /// <summary>Whether a file has its checksum.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    internal static bool Matches(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        if (stream.Length < Length)
            return false;
        var hash = new XxHash128();
        byte[] block = new byte[BlockBytes];
        for (long left = stream.Length - Length; left > 0;)
        {
            var some = block.AsSpan(0, (int)Math.Min(left, BlockBytes));
            stream.ReadExactly(some);
            hash.Append(some);
            left -= some.Length;
        }

        var expected = block.AsSpan(0, Length);
        stream.ReadExactly(expected);
        return expected.SequenceEqual(hash.GetCurrentHash());
    }

    /// <summary>Writes, and sums up what is written where a checksum follows.</summary>
    internal sealed class Writer(Stream target, bool sums)
    {
        private readonly XxHash128? _hash = sums ? new() : null;

        internal void Write(ReadOnlySpan<byte> bytes)
        {
            _hash?.Append(bytes);
            target.Write(bytes);
        }

        /// <summary>Writes the checksum of what was written.</summary>
        internal void Finish() => target.Write(_hash!.GetCurrentHash());
    }
}
