// A private temporary file that is deleted when it is closed or the process ends.
namespace Microsoft.ML.VisionTransformer.Common;

/// <summary>
/// Appended to by one thread, read at any offset by any number of threads. It is read by offset instead of memory-mapped: a failed read throws an
/// <see cref="IOException"/>, whereas a failed mapped page ends the process, and the data counts as system cache instead of process memory.
/// </summary>
internal sealed class ScratchFile : IDisposable
{
    private readonly FileStream _stream;

    private ScratchFile(string folder, FileStream stream)
    {
        Folder = folder;
        _stream = stream;
    }

    /// <summary>Folder of the file; on Unix the file has no name in it and is not listed.</summary>
    internal string Folder { get; }

    /// <summary>Bytes written.</summary>
    internal long Length { get; private set; }

    /// <summary>Creates a file in that folder, and the folder if missing.</summary>
    /// <exception cref="IOException">The folder cannot be created or written to.</exception>
    internal static ScratchFile Create(string folder)
    {
        string path = Path.Combine(folder, $"vision-transformer-{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(folder);
            var stream = Open(path);
            // Unix keeps the open file until it is closed, even if the process is killed; on Windows, or if this fails, DeleteOnClose removes it.
            if (!OperatingSystem.IsWindows())
                AtomicFile.DeleteIfPossible(path);
            return new ScratchFile(folder, stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new IOException($"A temporary file could not be created in {folder}: {e.Message.TrimEnd('.')}.", e);
        }
    }

    /// <summary>A scratch file that takes ownership of an open stream.</summary>
    internal static ScratchFile On(FileStream stream) => new(Path.GetDirectoryName(stream.Name) ?? stream.Name, stream);

    /// <summary>Appends the content and returns its offset.</summary>
    /// <exception cref="IOException">The disk is full or the write fails; earlier content is unchanged.</exception>
    internal long Append(ReadOnlySpan<byte> content)
    {
        long offset = Length;
        RandomAccess.Write(_stream.SafeFileHandle, content, offset);
        Length = checked(offset + content.Length);
        return offset;
    }

    /// <summary>Reads the content at an offset.</summary>
    /// <exception cref="IOException">The bytes cannot be read.</exception>
    internal void Read(long offset, Span<byte> target)
    {
        while (target.Length > 0)
        {
            int count = RandomAccess.Read(_stream.SafeFileHandle, target, offset);
            if (count == 0)
                throw new EndOfStreamException("the file ends early");
            offset += count;
            target = target[count..];
        }
    }

    public void Dispose() => _stream.Dispose();

    private static FileStream Open(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 0,
            Options = FileOptions.DeleteOnClose | FileOptions.RandomAccess,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }
}
