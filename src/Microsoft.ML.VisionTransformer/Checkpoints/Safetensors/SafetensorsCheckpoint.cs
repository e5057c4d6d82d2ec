// An open safetensors file: a checked header and the data mapped into memory.
using System.IO.MemoryMappedFiles;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
