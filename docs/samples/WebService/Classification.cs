// The endpoint POST /classify: a photo in, JSON out, and for what cannot be classified a problem (RFC 9457) with the reason.
namespace WebService;

internal static class Classification
{
    private const string SecondsToWait = "1";

    internal static async Task<IResult> AnswerAsync(HttpContext context, Classifier classifier, ServiceSettings settings)
    {
        try
        {
            byte[] photo = await Uploads.ReadAsync(context.Request, settings);
            return Results.Json(new Answer(await classifier.ClassifyAsync(photo, context.RequestAborted)));
        }
        catch (RefusedException e)
        {
            if (e.Status == StatusCodes.Status503ServiceUnavailable)
                context.Response.Headers.RetryAfter = SecondsToWait;
            return Results.Problem(statusCode: e.Status, detail: e.Message);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read it.
            return Results.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
    }

    private sealed record Answer(IReadOnlyList<ClassProbability> Classes);
}
