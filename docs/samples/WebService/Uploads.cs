// Takes the photo from a request: the body itself, or the one file of a form.
using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace WebService;

internal static class Uploads
{
    /// <summary>What boundaries and headers of a form may take beside the photo.</summary>
    internal const int FormOverheadBytes = 64 * 1024;

    private const string Accepted = "Send the photo as the body, with a content type of image/... or application/octet-stream, or as the one file of a multipart/form-data form.";

    /// <summary>The bytes of the photo; never more than the limit.</summary>
    /// <exception cref="RefusedException">The request holds no photo, or one that is too large.</exception>
    internal static async Task<byte[]> ReadAsync(HttpRequest request, ServiceSettings settings)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type))
            throw new RefusedException(StatusCodes.Status415UnsupportedMediaType, $"The request has no content type. {Accepted}");
        try
        {
            byte[] photo = type switch
            {
                _ when type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase) => await ReadFormAsync(request, settings.MaxUploadBytes),
                _ when type.Type.Equals("image", StringComparison.OrdinalIgnoreCase)
                    || type.MediaType.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase) => await ReadBodyAsync(request, settings.MaxUploadBytes),
                _ => throw new RefusedException(StatusCodes.Status415UnsupportedMediaType, $"The content type {type.MediaType} is not taken. {Accepted}"),
            };
            return photo.Length > 0 ? photo : throw new RefusedException(StatusCodes.Status400BadRequest, $"The photo is empty (0 bytes). {Accepted}");
        }
        catch (BadHttpRequestException e)
        {
            throw e.StatusCode == StatusCodes.Status413PayloadTooLarge ? TooLarge(settings.MaxUploadBytes) : new RefusedException(e.StatusCode, e.Message, e);
        }
    }

    private static async Task<byte[]> ReadBodyAsync(HttpRequest request, long limit)
    {
        if (request.ContentLength > limit)
            throw TooLarge(limit);
        using var photo = new MemoryStream((int)(request.ContentLength ?? 0));
        byte[] buffer = new byte[64 * 1024];
        for (int read; (read = await request.Body.ReadAsync(buffer, request.HttpContext.RequestAborted)) > 0;)
        {
            // A body that comes in chunks does not say beforehand how long it is.
            if (photo.Length + read > limit)
                throw TooLarge(limit);
            photo.Write(buffer, 0, read);
        }

        return photo.Length == photo.Capacity ? photo.GetBuffer() : photo.ToArray();
    }

    private static async Task<byte[]> ReadFormAsync(HttpRequest request, long limit)
    {
        var files = (await ParseFormAsync(request, limit)).Files;
        if (files.Count != 1)
            throw new RefusedException(StatusCodes.Status400BadRequest, string.Create(CultureInfo.InvariantCulture, $"The form has {files.Count} files; one photo is classified at a time. {Accepted}"));
        if (files[0].Length > limit)
            throw TooLarge(limit);
        byte[] photo = new byte[files[0].Length];
        using var content = files[0].OpenReadStream();
        await content.ReadExactlyAsync(photo, request.HttpContext.RequestAborted);
        return photo;
    }

    /// <summary>The form in memory: nothing of an upload is written to a disk.</summary>
    private static async Task<IFormCollection> ParseFormAsync(HttpRequest request, long limit)
    {
        if (request.ContentLength > limit + FormOverheadBytes)
            throw TooLarge(limit);
        int most = (int)Math.Min(limit + FormOverheadBytes, int.MaxValue);
        try
        {
            return await request.ReadFormAsync(
                new FormOptions { MemoryBufferThreshold = most, MultipartBodyLengthLimit = most, ValueLengthLimit = FormOverheadBytes, ValueCountLimit = 16 },
                request.HttpContext.RequestAborted);
        }
        catch (Exception e) when (e is InvalidDataException or IOException and not BadHttpRequestException)
        {
            throw new RefusedException(StatusCodes.Status400BadRequest, $"The form cannot be read: {e.Message} {Accepted}", e);
        }
    }

    private static RefusedException TooLarge(long limit) => new(
        StatusCodes.Status413PayloadTooLarge, string.Create(CultureInfo.InvariantCulture, $"The photo is larger than {limit} bytes. Make it smaller."));
}
