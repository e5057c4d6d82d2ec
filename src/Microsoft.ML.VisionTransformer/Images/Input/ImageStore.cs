// Keeps the images of a training run in memory up to a limit, and the rest in a temporary file.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Images.Input;

/// <summary>
/// Stores images in the form of their column: encoded bytes unchanged, an <c>MLImage</c> as three bytes per pixel, pixel vectors as float32. Paths are not
/// stored: their files are read again each time. Stored images are returned bit for bit, so the limit changes only where images are kept.
/// </summary>
/// <param name="memoryLimit">Bytes of image content that may stay in memory, at least 0.</param>
/// <param name="folder">Folder of the file; created if it is missing, and used only when the limit is reached.</param>
internal sealed class ImageStore(long memoryLimit, string folder) : IDisposable
{
    private const int MemoryDivisor = 4;
    private const long MaxByDefault = 4L << 30;

    private ScratchFile? _file;

    /// <summary>A quarter of the memory available to this process on the machine or in the container, at most 4 GiB.</summary>
    internal static long DefaultMemoryLimit => Math.Min(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MemoryDivisor, MaxByDefault);

    /// <summary>Bytes of image content in memory, at most the limit.</summary>
    internal long BytesInMemory { get; private set; }

    /// <summary>Bytes of image content in the file.</summary>
    internal long BytesInFile => _file?.Length ?? 0;

    /// <summary>
    /// Stores an image and returns one with the same content, valid until the store is disposed. One thread at a time may call it; the returned images can be
    /// used on any thread.
    /// </summary>
    /// <param name="image">The image; it may be borrowed from the row that it was read from.</param>
    /// <param name="location">Row and column of the image.</param>
    /// <exception cref="IOException">The disk is full, or the file may not be written.</exception>
    internal ImageSource Keep(ImageSource image, ImageLocation location)
    {
        var content = image.Content;
        if (content.Length <= memoryLimit - BytesInMemory)
        {
            BytesInMemory += content.Length;
            return image.Owned();
        }

        return content.IsEmpty ? image.Owned() : image.StoredAt(Append(content, location));
    }

    public void Dispose() => _file?.Dispose();

    private StoredBytes Append(ReadOnlySpan<byte> content, ImageLocation location)
    {
        try
        {
            _file ??= ScratchFile.Create(folder);
            return new StoredBytes(_file, _file.Append(content), content.Length, location);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{location} does not fit into memory ({BytesInMemory >> 20} of {memoryLimit >> 20} MiB are in use) and could not be written ")
                + string.Create(
                    CultureInfo.InvariantCulture,
                    $"to a temporary file in {folder}, which holds {BytesInFile >> 20} MiB of images: {e.Message.TrimEnd('.')}. ")
                + "Free disk space, set WorkspacePath to a folder on a larger drive, raise ImageMemoryLimitBytes, "
                + "or use a column of paths, which are not stored.",
                e);
        }
    }
}

/// <summary>Location of one image's bytes in the file of an image store.</summary>
/// <param name="File">The file.</param>
/// <param name="Offset">Offset of the first byte.</param>
/// <param name="Length">Number of bytes.</param>
/// <param name="Location">Row and column of the image.</param>
internal readonly record struct StoredBytes(ScratchFile File, long Offset, int Length, ImageLocation Location)
{
    /// <summary>Reads the bytes. Thread-safe.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    internal byte[] Read()
    {
        byte[] content = GC.AllocateUninitializedArray<byte>(Length);
        Read(content);
        return content;
    }

    /// <summary>Reads the bytes into <paramref name="target"/>, which has their length.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    internal void Read(Span<byte> target)
    {
        try
        {
            File.Read(Offset, target);
        }
        catch (IOException e)
        {
            throw new IOException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Location} cannot be read back from the temporary file in {File.Folder} ({Length} bytes at {Offset}): {e.Message.TrimEnd('.')}. ")
                + "Check that drive, or set WorkspacePath to a folder on another one.",
                e);
        }
    }
}

/// <summary>
/// Row and column of an image in a data view, for messages. Formatted only when a message needs it, because a large data set has millions of images.
/// </summary>
internal readonly record struct ImageLocation(long Row, string Column)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"the image in row {Row} of column '{Column}'");
}
