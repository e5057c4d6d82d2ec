// Reads safetensors files through memory mapping, and computes the checksum of checkpoint files in this library's own models.
using System.IO.Hashing;
using System.IO.MemoryMappedFiles;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;

/// <summary>One <c>.safetensors</c> file; its format is described at <see cref="SafetensorsHeader"/>.</summary>
/// <remarks>The file must not be truncated while it is open: the operating system terminates a process that reads mapped bytes past the end.</remarks>
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

    /// <summary>The file's metadata strings; empty if there are none.</summary>
    internal IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Opens a file and validates its header. No tensor data is read yet.</summary>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="InvalidCheckpointException">The file is corrupt or not a safetensors file.</exception>
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

    /// <summary>
    /// Converts the values that start at the byte offset in the data. Only their range of the file is mapped, and only during the call, which keeps the memory
    /// use of the process low.
    /// </summary>
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

/// <summary>A tensor in a safetensors file.</summary>
internal sealed class SafetensorsTensor(SafetensorsCheckpoint file, SafetensorsEntry entry) : StoredTensor
{
    /// <summary>Values converted at a time, which limits how much of the file is mapped.</summary>
    private const int BlockValues = 4 << 20;

    internal override string Name => entry.Name;

    internal override StoredType Type => entry.Type.Stored;

    internal override string TypeName => entry.Type.Name;

    internal override IReadOnlyList<long> Shape => entry.Shape;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The length of <paramref name="values"/> is not the number of values.</exception>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    internal override void CopyTo(Span<float> values)
    {
        if (Type == StoredType.Other)
        {
            throw new InvalidCheckpointException(
                $"{file.Path}: {MessageText.Of(Name)} is {TypeName}, but a floating-point type (F32, F16, BF16, F64) is expected: "
                + "it is not a weight; convert or remove it.");
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
/// An XXH128 checksum over the header length, the header and all data, as the entries of a model file have. It detects any change to the file. Other readers
/// see a tensor of 16 bytes named <see cref="Name"/>.
/// </summary>
internal static class SafetensorsChecksum
{
    internal const string Name = "checksum";

    internal const int Length = 16;

    private const int BlockBytes = 1 << 20;

    /// <summary>Whether a file ends with its correct checksum.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
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

    /// <summary>Writes bytes, and optionally hashes them.</summary>
    internal sealed class Writer(Stream target, bool hashes)
    {
        private readonly XxHash128? _hash = hashes ? new() : null;

        internal void Write(ReadOnlySpan<byte> bytes)
        {
            _hash?.Append(bytes);
            target.Write(bytes);
        }

        /// <summary>Writes the checksum of all bytes written so far.</summary>
        internal void Finish() => target.Write(_hash!.GetCurrentHash());
    }
}
