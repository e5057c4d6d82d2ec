// A file that others may read while it grows: what was appended is with the system when the call returns.
namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Nothing is held back in this process, so that a run that is killed loses no line it has told; a power cut may lose the last ones.</summary>
internal sealed class AppendedFile : IDisposable
{
    private readonly FileStream _stream;

    private AppendedFile(FileStream stream) => _stream = stream;

    /// <summary>Opens a file at its end and makes the folder where it is missing.</summary>
    /// <exception cref="IOException">It cannot be written to; the message names it.</exception>
    internal static AppendedFile Open(string path, FileMode mode)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            var stream = new FileStream(path, mode, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
            stream.Seek(0, SeekOrigin.End);
            return new AppendedFile(stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(path, e);
        }
    }

    internal long Length => _stream.Length;

    /// <summary>The whole content.</summary>
    internal byte[] ReadAll()
    {
        byte[] content = new byte[Length];
        _stream.Seek(0, SeekOrigin.Begin);
        _stream.ReadExactly(content);
        return content;
    }

    /// <summary>Drops what lies behind, and goes on there.</summary>
    internal void CutAt(long length)
    {
        _stream.SetLength(length);
        _stream.Seek(0, SeekOrigin.End);
    }

    /// <exception cref="IOException">The disk does not take it, or not all of it; the message names the file.</exception>
    internal void Append(ReadOnlySpan<byte> content)
    {
        try
        {
            _stream.Write(content);
        }
        catch (IOException e)
        {
            throw NotWritten(_stream.Name, e);
        }
    }

    public void Dispose() => _stream.Dispose();

    private static IOException NotWritten(string path, Exception e) =>
        new($"The figures of this run cannot be written to {path}: {e.Message.TrimEnd('.')}. Make room, or choose another WorkspacePath.", e);
}
