// Reads images from streams and files within the limits: the size of one, and the bytes of all that are in memory.
using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Hosting.Requests;

/// <summary>Thread-safe. Nothing is written to disk.</summary>
internal sealed class ImageReader(VisionTransformerModelOptions options)
{
    private const int BufferBytes = 64 * 1024;

    private long _bytesInMemory;

    /// <exception cref="ImageRejectedException">The file is empty or too large.</exception>
    /// <exception cref="ServingBusyException">Too many bytes are in memory.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    internal async Task<ImageInMemory> ReadAsync(string path, CancellationToken cancellation)
    {
        var file = new FileStream(
            path, new FileStreamOptions { Access = FileAccess.Read, Share = FileShare.Read, BufferSize = 0, Options = FileOptions.Asynchronous | FileOptions.SequentialScan });
        await using (file.ConfigureAwait(false))
            return await ReadAsync(file, cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Reads into pooled buffers, then into one array of the image's size. A stream may not know its length, and an announced length may never arrive, so memory
    /// is taken only for bytes that have arrived.
    /// </summary>
    /// <exception cref="ImageRejectedException">The image is empty or too large.</exception>
    /// <exception cref="ServingBusyException">Too many bytes are in memory.</exception>
    internal async Task<ImageInMemory> ReadAsync(Stream stream, CancellationToken cancellation)
    {
        if (stream.CanSeek && stream.Length - stream.Position is var announced && announced > options.MaxImageBytes)
            throw TooManyBytes(announced);
        var image = new ImageInMemory(this);
        var buffers = new List<byte[]>();
        try
        {
            long length = 0;
            while (true)
            {
                int at = (int)(length % BufferBytes);
                if (at == 0)
                    buffers.Add(ArrayPool<byte>.Shared.Rent(BufferBytes));
                int read = await stream.ReadAsync(buffers[^1].AsMemory(at, BufferBytes - at), cancellation).ConfigureAwait(false);
                if (read == 0)
                    break;
                length += read;
                if (length > options.MaxImageBytes)
                    throw TooManyBytes(null);
                image.Add(read);
            }

            byte[] bytes = GC.AllocateUninitializedArray<byte>((int)length);
            for (int i = 0, start = 0; start < bytes.Length; i++, start += BufferBytes)
                buffers[i].AsSpan(0, Math.Min(BufferBytes, bytes.Length - start)).CopyTo(bytes.AsSpan(start));
            image.Bytes = bytes;
            return image;
        }
        catch
        {
            image.Dispose();
            throw;
        }
        finally
        {
            buffers.ForEach(b => ArrayPool<byte>.Shared.Return(b));
        }
    }

    /// <exception cref="ImageRejectedException">The image has more bytes than the options allow.</exception>
    internal void CheckLength(long? bytes)
    {
        if (bytes > options.MaxImageBytes)
            throw TooManyBytes(bytes);
    }

    /// <summary>
    /// Checks the size, and returns the number of pixels that the header declares: a few kilobytes can declare more pixels than fit into memory. It is 0 for
    /// what is not an image, which the library describes better. The library has a limit of its own, the model's <c>ImagePreprocessing.MaxPixels</c>, but that
    /// one is meant for files from known sources.
    /// </summary>
    /// <exception cref="ImageRejectedException">The image is empty or too large.</exception>
    internal long CountPixels(byte[] image)
    {
        if (image.Length == 0)
            throw new ImageRejectedException(ImageRejection.Empty, "The photo is empty (0 bytes). Choose another photo.");
        CheckLength(image.Length);
        var pinned = GCHandle.Alloc(image, GCHandleType.Pinned);
        try
        {
            using var data = SKData.Create(pinned.AddrOfPinnedObject(), image.Length);
            using var codec = SKCodec.Create(data);
            if (codec is not { Info: { } info })
                return 0;
            long pixels = (long)info.Width * info.Height;
            return pixels <= options.MaxPixels ? pixels : throw new ImageRejectedException(
                ImageRejection.TooManyPixels,
                string.Create(CultureInfo.InvariantCulture, $"The photo has {info.Width} x {info.Height} pixels ({Units.Pixels(pixels)}); ")
                + $"the service accepts at most {Units.Pixels(options.MaxPixels)}. Make it smaller and try again.");
        }
        finally
        {
            pinned.Free();
        }
    }

    /// <summary>
    /// The library says where the image is (a row and a column of data), what is wrong with it, and what a developer can do. The person who sent the photo needs
    /// what is wrong.
    /// </summary>
    internal static ImageRejectedException Unreadable(InvalidImageException e)
    {
        string[] verbs = ["cannot be read", "is a ", "is empty", "declares "];
        int problem = verbs.Select(v => e.Message.IndexOf(v, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();
        string reason = problem < 0 ? "cannot be read" : e.Message[problem..].Split(". ")[0].TrimEnd('.');
        return new(ImageRejection.Unreadable, $"The photo {reason}. Choose another photo.", e);
    }

    internal ImageRejectedException TooManyBytes(long? bytes) => new(
        ImageRejection.TooManyBytes,
        $"The photo is {(bytes is null ? $"larger than {Units.Bytes(options.MaxImageBytes)}" : Units.Bytes(bytes.Value))}; "
        + $"the service accepts at most {Units.Bytes(options.MaxImageBytes)}. Save it at a lower resolution or quality and try again.");

    /// <summary>An image in memory until it is disposed.</summary>
    internal sealed class ImageInMemory(ImageReader reader) : IDisposable
    {
        private long _taken;

        internal byte[] Bytes { get; set; } = [];

        internal void Add(int bytes)
        {
            _taken += bytes;
            if (Interlocked.Add(ref reader._bytesInMemory, bytes) > reader.Limit)
                throw new ServingBusyException("Too many photos are being uploaded right now. Try again shortly.");
        }

        public void Dispose()
        {
            Interlocked.Add(ref reader._bytesInMemory, -_taken);
            _taken = 0;
        }
    }

    private long Limit => options.MaxImageBytesInMemory;

    /// <summary>Sizes as people write them: decimal units, at most one decimal.</summary>
    private static class Units
    {
        internal static string Bytes(long bytes) => bytes switch
        {
            >= 1_000_000 => Text(bytes / 1e6, " MB"),
            >= 1_000 => Text(bytes / 1e3, " KB"),
            _ => Text(bytes, bytes == 1 ? " byte" : " bytes"),
        };

        internal static string Pixels(long pixels) => pixels switch
        {
            1_000_000 => "1 megapixel",
            >= 100_000 => Text(pixels / 1e6, " megapixels"),
            _ => Text(pixels, " pixels"),
        };

        private static string Text(double value, string unit) => string.Create(CultureInfo.InvariantCulture, $"{value:#,0.#}{unit}");
    }
}
