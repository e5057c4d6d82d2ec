// Reads the photo of a request: the body itself, or the one file of a form. Bounds the memory of all uploads together.
using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace WebService;

/// <summary>Thread-safe. Nothing of an upload is written to disk.</summary>
internal sealed class Uploads(ServiceSettings settings)
{
    /// <summary>A form may be this much larger than the photo in it.</summary>
    private const int FormOverheadBytes = 64 * 1024;

    private const int MaxFields = 16, BufferBytes = 64 * 1024;

    /// <summary>What a client may still send after its photo was refused. Beyond that the connection is closed.</summary>
    private const long MaxDiscardedBytes = 1_000_000_000;

    private const string Accepted = "Send the photo as the request body with the content type image/... or application/octet-stream, or as the only file in a multipart/form-data form.";

    private static readonly TimeSpan _maxDiscardTime = TimeSpan.FromMinutes(2);

    private long _bytes;

    /// <summary>Reads the photo into memory.</summary>
    /// <exception cref="RefusedException">The request has no photo, the photo is too large, or too many uploads are in memory.</exception>
    internal async Task<Upload> ReadAsync(HttpRequest request)
    {
        bool isForm = IsForm(request.ContentType);
        if (request.ContentLength - (isForm ? FormOverheadBytes : 0) is { } length && length > settings.MaxUploadBytes)
            throw TooLarge(request.ContentLength);
        var upload = new Upload(this);
        try
        {
            byte[] photo = isForm ? await ReadFormAsync(request, upload) : await ReadPhotoAsync(request.Body, upload, request.HttpContext.RequestAborted);
            if (photo.Length == 0)
                throw new RefusedException(StatusCodes.Status400BadRequest, $"The photo is empty (0 bytes). {Accepted}");
            upload.Photo = photo;
            return upload;
        }
        catch (Exception e)
        {
            upload.Dispose();
            throw e is BadHttpRequestException bad ? new RefusedException(bad.StatusCode, $"The upload cannot be read: {bad.Message}", bad) : e;
        }
    }

    /// <summary>Reads the rest of a request that was answered already, and keeps none of it.</summary>
    internal static async Task DiscardRestAsync(HttpRequest request)
    {
        // With this header the client asks before it sends, and the answer was no.
        if (request.Headers.Expect.Count > 0)
            return;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(request.HttpContext.RequestAborted);
        stop.CancelAfter(_maxDiscardTime);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long discarded = 0;
            for (int read; (read = await request.Body.ReadAsync(buffer, stop.Token)) > 0;)
            {
                if ((discarded += read) > MaxDiscardedBytes)
                {
                    request.HttpContext.Abort();
                    return;
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client has closed the connection, or sends too slowly. It has its answer.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool IsForm(string? contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type))
            throw new RefusedException(StatusCodes.Status415UnsupportedMediaType, $"The request has no content type. {Accepted}");
        if (type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            return true;
        if (type.Type.Equals("image", StringComparison.OrdinalIgnoreCase) || type.MediaType.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase))
            return false;
        throw new RefusedException(StatusCodes.Status415UnsupportedMediaType, $"The content type {type.MediaType} is not accepted. {Accepted}");
    }

    /// <summary>
    /// Reads a photo into pooled buffers, then into one array of its size. A body in chunks does not announce its length, and one that does may never come,
    /// so memory is taken only for what has arrived.
    /// </summary>
    private async Task<byte[]> ReadPhotoAsync(Stream body, Upload upload, CancellationToken cancellation)
    {
        var buffers = new List<byte[]>();
        int length = 0;
        try
        {
            while (true)
            {
                int at = length % BufferBytes;
                if (at == 0)
                    buffers.Add(ArrayPool<byte>.Shared.Rent(BufferBytes));
                int read = await body.ReadAsync(buffers[^1].AsMemory(at, BufferBytes - at), cancellation);
                if (read == 0)
                    break;
                length += read;
                if (length > settings.MaxUploadBytes)
                    throw TooLarge(null);
                upload.Add(read);
            }

            byte[] photo = GC.AllocateUninitializedArray<byte>(length);
            for (int i = 0; i * BufferBytes < length; i++)
                buffers[i].AsSpan(0, Math.Min(BufferBytes, length - i * BufferBytes)).CopyTo(photo.AsSpan(i * BufferBytes));
            return photo;
        }
        finally
        {
            buffers.ForEach(b => ArrayPool<byte>.Shared.Return(b));
        }
    }

    private async Task<byte[]> ReadFormAsync(HttpRequest request, Upload upload)
    {
        var cancellation = request.HttpContext.RequestAborted;
        try
        {
            string boundary = HeaderUtilities.RemoveQuotes(MediaTypeHeaderValue.Parse(request.ContentType).Boundary).ToString();
            if (boundary.Length is 0 or > 200)
                throw new InvalidDataException("the content type has no boundary.");
            var reader = new MultipartReader(boundary, request.Body);
            byte[]? photo = null;
            int fields = 0, files = 0;
            while (await reader.ReadNextSectionAsync(cancellation) is { } section)
            {
                if (++fields > MaxFields)
                    throw new InvalidDataException($"it has more than {MaxFields} fields.");
                if (section.GetContentDispositionHeader()?.IsFileDisposition() == true && ++files == 1)
                    photo = await ReadPhotoAsync(section.Body, upload, cancellation);
            }

            return files == 1 ? photo! : throw new RefusedException(
                StatusCodes.Status400BadRequest, string.Create(CultureInfo.InvariantCulture, $"The form has {files} files; send one photo at a time. {Accepted}"));
        }
        catch (Exception e) when (e is InvalidDataException or IOException and not BadHttpRequestException)
        {
            throw new RefusedException(StatusCodes.Status400BadRequest, $"The form cannot be read: {e.Message} {Accepted}", e);
        }
    }

    private RefusedException TooLarge(long? bytes) => new(
        StatusCodes.Status413PayloadTooLarge,
        $"The photo is {(bytes is null ? $"larger than {Units.Bytes(settings.MaxUploadBytes)}" : Units.Bytes(bytes.Value))}; "
        + $"the service accepts at most {Units.Bytes(settings.MaxUploadBytes)}. Save it at a lower resolution or quality and try again.");

    private void Take(long bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) > settings.MaxUploadBytesInMemory)
            throw new RefusedException(StatusCodes.Status503ServiceUnavailable, "Too many photos are being uploaded right now. Try again shortly.");
    }

    private void GiveBack(long bytes) => Interlocked.Add(ref _bytes, -bytes);

    /// <summary>A photo in memory until it is disposed.</summary>
    internal sealed class Upload(Uploads uploads) : IDisposable
    {
        private long _taken;

        internal byte[] Photo { get; set; } = [];

        internal void Add(int bytes)
        {
            _taken += bytes;
            uploads.Take(bytes);
        }

        public void Dispose()
        {
            uploads.GiveBack(_taken);
            _taken = 0;
        }
    }
}
