// Finds the photo in a request: the body itself, or the one file of a form. A photo that is rejected gets a problem (RFC 9457) with the reason.
using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.ML.VisionTransformer;
using Microsoft.ML.VisionTransformer.Hosting;
using Microsoft.Net.Http.Headers;

namespace WebService;

/// <summary>The classifier limits what it reads. Nothing of an upload is written to disk.</summary>
internal static class Photos
{
    /// <summary>A form may be this much larger than the photo in it.</summary>
    private const int FormOverheadBytes = 64 * 1024;

    private const int MaxFields = 16, BufferBytes = 64 * 1024;

    /// <summary>What a client may still send after its photo was rejected. Beyond that the connection is closed.</summary>
    private const long MaxDiscardedBytes = 1_000_000_000;

    private const string Accepted = "Send the photo as the request body with the content type image/... or application/octet-stream, or as the only file in a multipart/form-data form.";

    private static readonly TimeSpan _maxDiscardTime = TimeSpan.FromMinutes(2);

    /// <summary>Answers with what <paramref name="answer"/> makes of the photo, or with the reason why there is no answer.</summary>
    internal static async Task AnswerAsync(HttpContext http, VisionTransformerClassifier classifier, Func<Stream, Task<IResult>> answer)
    {
        try
        {
            bool isForm = IsForm(http.Request.ContentType);
            classifier.CheckLength(http.Request.ContentLength - (isForm ? FormOverheadBytes : 0));
            var result = isForm ? await ReadFormAsync(http.Request, answer) : await answer(http.Request.Body);
            await result.ExecuteAsync(http);
        }
        catch (Exception e) when (Status(e) is { } status)
        {
            await RejectAsync(http, status, e.Message);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has closed the connection and reads no answer.
        }
    }

    /// <summary>Options that explain the class with that index, because several classes can have the same name; null is the most probable one.</summary>
    internal static ExplanationOptions Class(int? index, VisionTransformerClassifier classifier) => index is null || (index >= 0 && index < classifier.ClassNames.Count)
        ? new ExplanationOptions { ClassIndex = index }
        : throw new BadHttpRequestException($"The model has no class with index {index}; it has {classifier.ClassNames.Count} classes, numbered from 0.");

    /// <summary>The status of an error that has a reason for the sender; null for an error of the service.</summary>
    private static int? Status(Exception e) => e switch
    {
        ImageRejectedException { Reason: ImageRejection.Empty } => StatusCodes.Status400BadRequest,
        ImageRejectedException { Reason: ImageRejection.TooManyBytes } => StatusCodes.Status413PayloadTooLarge,
        ImageRejectedException => StatusCodes.Status422UnprocessableEntity,
        ServingBusyException => StatusCodes.Status503ServiceUnavailable,
        NotSupportedException => StatusCodes.Status501NotImplemented,
        BadHttpRequestException request => request.StatusCode,
        _ => null,
    };

    private static bool IsForm(string? contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type))
            throw new BadHttpRequestException($"The request has no content type. {Accepted}", StatusCodes.Status415UnsupportedMediaType);
        if (type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            return true;
        if (type.Type.Equals("image", StringComparison.OrdinalIgnoreCase) || type.MediaType.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase))
            return false;
        throw new BadHttpRequestException($"The content type {type.MediaType} is not accepted. {Accepted}", StatusCodes.Status415UnsupportedMediaType);
    }

    private static async Task<IResult> ReadFormAsync(HttpRequest request, Func<Stream, Task<IResult>> answer)
    {
        try
        {
            string boundary = HeaderUtilities.RemoveQuotes(MediaTypeHeaderValue.Parse(request.ContentType).Boundary).ToString();
            if (boundary.Length is 0 or > 200)
                throw new InvalidDataException("the content type has no boundary.");
            var reader = new MultipartReader(boundary, request.Body);
            IResult? result = null;
            int fields = 0, files = 0;
            while (await reader.ReadNextSectionAsync(request.HttpContext.RequestAborted) is { } section)
            {
                if (++fields > MaxFields)
                    throw new InvalidDataException($"it has more than {MaxFields} fields.");
                if (section.GetContentDispositionHeader()?.IsFileDisposition() == true && ++files == 1)
                    result = await answer(section.Body);
            }

            return files == 1 ? result! : throw new BadHttpRequestException(string.Create(CultureInfo.InvariantCulture, $"The form has {files} files; send one photo at a time. {Accepted}"));
        }
        catch (Exception e) when (e is InvalidDataException or IOException and not BadHttpRequestException)
        {
            throw new BadHttpRequestException($"The form cannot be read: {e.Message} {Accepted}", e);
        }
    }

    /// <summary>
    /// Sends the reason at once, then reads what the client is still sending. A connection that is closed before the upload has ended looks like a network
    /// error to most clients: they never see the reason.
    /// </summary>
    private static async Task RejectAsync(HttpContext http, int status, string reason)
    {
        if (status == StatusCodes.Status503ServiceUnavailable)
            http.Response.Headers.RetryAfter = "1";
        await Results.Problem(statusCode: status, detail: reason).ExecuteAsync(http);
        await http.Response.CompleteAsync();
        await DiscardRestAsync(http.Request);
    }

    private static async Task DiscardRestAsync(HttpRequest request)
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
}
