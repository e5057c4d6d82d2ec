// Keeps the images of a training run: in memory up to a limit, the rest in a file that is gone afterwards.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Images.Input;

/// <summary>
/// Images are kept as their column has them: encoded bytes as they are, an <c>MLImage</c> as three bytes a pixel, pixel vectors as their 32-bit numbers. Paths
/// take no room: their files are read anew each time. What is kept is given back bit for bit, so the limit changes where images lie and nothing else.
/// </summary>
/// <param name="memoryLimit">Bytes of image content that may stay in memory, at least 0.</param>
/// <param name="folder">Where the file goes; made where it is missing, and touched only when the limit is reached.</param>
internal sealed class ImageStore(long memoryLimit, string folder) : IDisposable
{
    private const int FractionOfMemory = 4;
    private const long MostByDefault = 4L << 30;

    private ScratchFile? _file;

    /// <summary>A quarter of the memory that the machine or the container gives this process, at most 4 GiB.</summary>
    internal static long DefaultMemoryLimit => Math.Min(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / FractionOfMemory, MostByDefault);

    /// <summary>Bytes of image content in memory, at most the limit.</summary>
    internal long BytesInMemory { get; private set; }

    /// <summary>Bytes of image content in the file.</summary>
    internal long BytesInFile => _file?.Length ?? 0;

    /// <summary>Takes an image in; what it returns gives the same image until the store is disposed. For one thread at a time; the returned images are for any.</summary>
    /// <param name="image">The image; it may be borrowed from the row that it was read from.</param>
    /// <param name="position">Where it comes from.</param>
    /// <exception cref="IOException">There is no room for the file, or no right to write it.</exception>
    internal ImageSource Keep(ImageSource image, ImageLocation position)
    {
        var content = image.Content;
        if (content.Length <= memoryLimit - BytesInMemory)
        {
            BytesInMemory += content.Length;
            return image.Owned();
        }

        return content.IsEmpty ? image.Owned() : image.StoredAt(Append(content, position));
    }

    public void Dispose() => _file?.Dispose();

    private StoredBytes Append(ReadOnlySpan<byte> content, ImageLocation position)
    {
        try
        {
            _file ??= ScratchFile.Create(folder);
            return new StoredBytes(_file, _file.Append(content), content.Length, position);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                string.Create(CultureInfo.InvariantCulture, $"{position} does not fit into memory ({BytesInMemory >> 20} of {memoryLimit >> 20} MiB are taken) and could not be written to a temporary file in {folder}, where {BytesInFile >> 20} MiB of images are: {e.Message.TrimEnd('.')}. ") +
                "Free space there, set WorkspacePath to a folder on a larger drive, raise ImageMemoryLimitBytes, or give the trainer paths: their files are read where they are.",
                e);
        }
    }
}

/// <summary>The bytes of one image in the file of an image store. An entry of the file's index.</summary>
/// <param name="File">The file.</param>
/// <param name="Offset">Where the bytes begin.</param>
/// <param name="Length">How many there are.</param>
/// <param name="Location">The image they are of.</param>
internal readonly record struct StoredBytes(ScratchFile File, long Offset, int Length, ImageLocation Location)
{
    /// <summary>Reads them, on any thread.</summary>
    /// <exception cref="IOException">The disk does not give them back.</exception>
    internal byte[] Read()
    {
        byte[] content = GC.AllocateUninitializedArray<byte>(Length);
        Read(content);
        return content;
    }

    /// <summary>Reads them into <paramref name="target"/>, which has their length.</summary>
    /// <exception cref="IOException">The disk does not give them back.</exception>
    internal void Read(Span<byte> target)
    {
        try
        {
            File.Read(Offset, target);
        }
        catch (IOException e)
        {
            throw new IOException(
                string.Create(CultureInfo.InvariantCulture, $"{Location} cannot be read back from the temporary file in {File.Folder} ({Length} bytes at {Offset}): {e.Message.TrimEnd('.')}. Check that drive, or set WorkspacePath to a folder on another one."),
                e);
        }
    }
}

/// <summary>
/// Where an image comes from, for messages. A cell of a data view. It becomes text only when a message needs it: a large data set has millions of them.
/// </summary>
internal readonly record struct ImageLocation(long Row, string Column)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"the image in row {Row} of column '{Column}'");
}
