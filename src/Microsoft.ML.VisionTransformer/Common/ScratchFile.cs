// A file for bytes that need not outlive the process: seen by no other program, and gone when it is closed or the process dies.
namespace Microsoft.ML.VisionTransformer.Common;

/// <summary>
/// Appended to on one thread, read at any place on any number of threads. It is read by position rather than mapped: a read that fails is an
/// <see cref="IOException"/>, where a mapped page that fails ends the process, and what was read counts as the system's cache and not as the process's memory.
/// </summary>
internal sealed class ScratchFile : IDisposable
{
    private readonly FileStream _stream;

    private ScratchFile(string folder, FileStream stream)
    {
        Folder = folder;
        _stream = stream;
    }

    /// <summary>Where the file lies; on Unix without a name, so that no listing shows it.</summary>
    internal string Folder { get; }

    /// <summary>Bytes written.</summary>
    internal long Length { get; private set; }

    /// <summary>Makes a file in that folder, and the folder where it is missing.</summary>
    /// <exception cref="IOException">The folder cannot be made or written to.</exception>
    internal static ScratchFile Create(string folder)
    {
        string path = Path.Combine(folder, $"vision-transformer-{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(folder);
            var stream = Open(path);
            if (!OperatingSystem.IsWindows())
                AtomicFile.DeleteIfPossible(path);    // the open file lives on until it is closed, by whatever end; elsewhere, and where this fails, DeleteOnClose does it
            return new ScratchFile(folder, stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new IOException($"No temporary file can be made in {folder}: {e.Message.TrimEnd('.')}.", e);
        }
    }

    /// <summary>A scratch file on an open stream, which it closes.</summary>
    internal static ScratchFile On(FileStream stream) => new(Path.GetDirectoryName(stream.Name) ?? stream.Name, stream);

    /// <summary>Writes at the end and tells where that was.</summary>
    /// <exception cref="IOException">The disk is full, or does not take the bytes; what was appended before is still there.</exception>
    internal long Append(ReadOnlySpan<byte> content)
    {
        long offset = Length;
        RandomAccess.Write(_stream.SafeFileHandle, content, offset);
        Length = checked(offset + content.Length);
        return offset;
    }

    /// <summary>Reads what was appended there.</summary>
    /// <exception cref="IOException">The disk does not give the bytes back.</exception>
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
