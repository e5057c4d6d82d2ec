// The endpoints POST /classify and POST /explain: a photo in, classes or an overlay out. A photo that is refused gets a problem (RFC 9457) with the reason.
using System.Globalization;

namespace WebService;

internal static class Endpoints
{
    private const string RetryAfterSeconds = "1";

    /// <summary>Answers with the classes as JSON, most probable first.</summary>
    internal static Task ClassifyAsync(HttpContext context, Classifier classifier, Uploads uploads) => AnswerAsync(context, uploads, async photo =>
        Results.Json(new Answer(await classifier.ClassifyAsync(photo, context.RequestAborted))));

    /// <summary>Answers with a PNG: what in the photo contributed to the class with that index, or to the most probable one.</summary>
    internal static Task ExplainAsync(HttpContext context, Classifier classifier, Uploads uploads, int? index) => AnswerAsync(context, uploads, async photo =>
        Results.Bytes(await classifier.ExplainAsync(photo, index, context.RequestAborted), "image/png"));

    private static async Task AnswerAsync(HttpContext context, Uploads uploads, Func<byte[], Task<IResult>> answer)
    {
        try
        {
            using var upload = await uploads.ReadAsync(context.Request);
            await (await answer(upload.Photo)).ExecuteAsync(context);
        }
        catch (RefusedException e)
        {
            await RefuseAsync(context, e);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has closed the connection and reads no answer.
        }
    }

    /// <summary>
    /// Sends the reason at once, then reads what the client is still sending. A connection that is closed before the upload has ended looks like a network
    /// error to most clients: they never see the reason.
    /// </summary>
    private static async Task RefuseAsync(HttpContext context, RefusedException refused)
    {
        if (refused.Status == StatusCodes.Status503ServiceUnavailable)
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        await Results.Problem(statusCode: refused.Status, detail: refused.Message).ExecuteAsync(context);
        await context.Response.CompleteAsync();
        await Uploads.DiscardRestAsync(context.Request);
    }

    private sealed record Answer(IReadOnlyList<ClassProbability> Classes);
}

/// <summary>The error for a photo that gets no result, with the HTTP status and the reason for the person who sent it.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="reason">What is wrong and what to do.</param>
/// <param name="cause">The exception that was caught.</param>
internal sealed class RefusedException(int status, string reason, Exception? cause = null) : Exception(reason, cause)
{
    internal int Status => status;
}

/// <summary>Sizes as people write them: decimal units, at most one decimal.</summary>
internal static class Units
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
