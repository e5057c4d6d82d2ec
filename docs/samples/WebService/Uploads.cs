// Takes the photo from a request: the body itself, or the one file of a form.
using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace WebService;

internal static class Uploads
{
    /// <summary>What boundaries and headers of a form may take beside the photo.</summary>
    internal const int FormOverheadBytes = 64 * 1024;

    private const int MostFields = 16;

    private const string Accepted = "Send the photo as the body, with a content type of image/... or application/octet-stream, or as the one file of a multipart/form-data form.";

    /// <summary>The bytes of the photo; never more than the limit.</summary>
    /// <exception cref="RefusedException">The request holds no photo, or one that is too large.</exception>
    internal static async Task<byte[]> ReadAsync(HttpRequest request, ServiceSettings settings)
    {
        bool isForm = IsForm(request.ContentType);
        byte[] body = await ReadBodyAsync(request, isForm ? settings.MaxUploadBytes + FormOverheadBytes : settings.MaxUploadBytes, settings);
        byte[] photo = isForm ? await ReadFormAsync(request, body, settings) : body;
        return photo.Length > 0 ? photo : throw new RefusedException(StatusCodes.Status400BadRequest, $"The photo is empty (0 bytes). {Accepted}");
    }

    private static bool IsForm(string? contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type))
            throw new RefusedException(StatusCodes.Status415UnsupportedMediaType, $"The request has no content type. {Accepted}");
        if (type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            return true;
        if (type.Type.Equals("image", StringComparison.OrdinalIgnoreCase) || type.MediaType.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase))
            return false;
        throw new RefusedException(StatusCodes.Status415UnsupportedMediaType, $"The content type {type.MediaType} is not taken. {Accepted}");
    }

    /// <summary>The whole body. One that comes in chunks does not say beforehand how long it is, so that the limit is checked as it comes.</summary>
    private static async Task<byte[]> ReadBodyAsync(HttpRequest request, long limit, ServiceSettings settings)
    {
        if (request.ContentLength > limit)
            throw TooLarge(settings);
        try
        {
            using var body = new MemoryStream((int)(request.ContentLength ?? 0));
            byte[] buffer = new byte[64 * 1024];
            for (int read; (read = await request.Body.ReadAsync(buffer, request.HttpContext.RequestAborted)) > 0;)
            {
                if (body.Length + read > limit)
                    throw TooLarge(settings);
                body.Write(buffer, 0, read);
            }

            return body.Length == body.Capacity ? body.GetBuffer() : body.ToArray();
        }
        catch (BadHttpRequestException e)
        {
            throw e.StatusCode == StatusCodes.Status413PayloadTooLarge ? TooLarge(settings) : new RefusedException(e.StatusCode, e.Message, e);
        }
    }

    /// <summary>The one file of a form that is in memory already: nothing of an upload is written to a disk.</summary>
    private static async Task<byte[]> ReadFormAsync(HttpRequest request, byte[] body, ServiceSettings settings)
    {
        request.Body = new MemoryStream(body);
        try
        {
            var form = await request.ReadFormAsync(new FormOptions { MemoryBufferThreshold = int.MaxValue, MultipartBodyLengthLimit = long.MaxValue, ValueCountLimit = MostFields });
            if (form.Files.Count != 1)
                throw new RefusedException(StatusCodes.Status400BadRequest, string.Create(CultureInfo.InvariantCulture, $"The form has {form.Files.Count} files; one photo is classified at a time. {Accepted}"));
            if (form.Files[0].Length > settings.MaxUploadBytes)
                throw TooLarge(settings);
            byte[] photo = new byte[form.Files[0].Length];
            using var content = form.Files[0].OpenReadStream();
            await content.ReadExactlyAsync(photo);
            return photo;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new RefusedException(StatusCodes.Status400BadRequest, $"The form cannot be read: {e.Message} {Accepted}", e);
        }
    }

    private static RefusedException TooLarge(ServiceSettings settings) => new(
        StatusCodes.Status413PayloadTooLarge, string.Create(CultureInfo.InvariantCulture, $"The photo is larger than {settings.MaxUploadBytes} bytes. Make it smaller."));
}
