// An open safetensors file: a checked header and the data mapped into memory.
using System.IO.Hashing;
using System.IO.MemoryMappedFiles;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;

/// <summary>One <c>.safetensors</c> file; its format is described at <see cref="SafetensorsHeader"/>.</summary>
/// <remarks>Nothing may shorten the file while it is open: the system ends a process that reads mapped bytes which are no longer there.</remarks>
internal sealed class SafetensorsCheckpoint : CheckpointFile
{
    private readonly MemoryMappedFile _file;
    private readonly SafetensorsHeader _header;

    private SafetensorsCheckpoint(string path, FileStream stream, SafetensorsHeader header)
    {
        (Path, _header) = (path, header);
        _file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        Tensors = header.Entries.ToDictionary(e => e.Name, StoredTensor (e) => new SafetensorsTensor(this, e), StringComparer.Ordinal);
    }

    internal override string Path { get; }

    internal override IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    internal override bool ReadsInParallel => true;

    /// <summary>The texts that the file carries beside the tensors; empty where there are none.</summary>
    internal IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Opens a file and checks all of its header; of the data nothing is read yet.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidCheckpointException">The file is broken, or is no safetensors file.</exception>
    internal static SafetensorsCheckpoint Open(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        try
        {
            return new SafetensorsCheckpoint(path, stream, SafetensorsHeader.Read(stream, path));
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Converts values that begin at that byte of the data. Only their part of the file is mapped, and only meanwhile: what was read counts no longer.</summary>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    internal unsafe void Read(long begin, Span<float> values, SafetensorsType type)
    {
        int length = checked(values.Length * type.Width);
        if (length == 0)
            return;
        using var view = _file.CreateViewAccessor(_header.DataStart + begin, length, MemoryMappedFileAccess.Read);
        byte* start = null;
        var handle = view.SafeMemoryMappedViewHandle;
        handle.AcquirePointer(ref start);
        try
        {
            type.Widen(new ReadOnlySpan<byte>(start + view.PointerOffset, length), values);
        }
        finally
        {
            handle.ReleasePointer();
        }
    }

    public override void Dispose() => _file.Dispose();
}

internal sealed class SafetensorsTensor(SafetensorsCheckpoint file, SafetensorsEntry entry) : StoredTensor
{
    /// <summary>Values converted at a time: as much of the file as this is in memory beside the result.</summary>
    private const int BlockValues = 4 << 20;

    internal override string Name => entry.Name;

    internal override StoredType Type => entry.Type.Stored;

    internal override string TypeName => entry.Type.Name;

    internal override IReadOnlyList<long> Shape => entry.Shape;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">There is not exactly one place for each value.</exception>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    internal override void CopyTo(Span<float> values)
    {
        if (Type == StoredType.Other)
        {
            throw new InvalidCheckpointException(
                $"{file.Path}: {MessageText.Of(Name)} is {TypeName}, a floating-point type (F32, F16, BF16, F64) is expected: "
                + "it holds no weights; convert it or leave it out.");
        }

        Guard.InRange(values.Length, Count, Count + 1);
        for (int from = 0; from < values.Length; from += BlockValues)
        {
            var block = values[from..Math.Min(values.Length, from + BlockValues)];
            file.Read(entry.Begin + (long)from * entry.Type.Width, block, entry.Type);
        }
    }
}

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

    /// <summary>Writes, and hashes up what is written where a checksum follows.</summary>
    internal sealed class Writer(Stream target, bool hashes)
    {
        private readonly XxHash128? _hash = hashes ? new() : null;

        internal void Write(ReadOnlySpan<byte> bytes)
        {
            _hash?.Append(bytes);
            target.Write(bytes);
        }

        /// <summary>Writes the checksum of what was written.</summary>
        internal void Finish() => target.Write(_hash!.GetCurrentHash());
    }
}
