// Wrong responses that several tests use.
using Microsoft.AspNetCore.Http;

namespace Microsoft.ML.VisionTransformer.Tests.Checkpoints;

internal static class HubAnswers
{
    /// <summary>Drops the connection.</summary>
    internal static Task Abort(HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    /// <summary>Until the client goes.</summary>
    internal static async Task StallAsync(HttpContext context)
    {
        var gone = new TaskCompletionSource();
        using var registration = context.RequestAborted.Register(gone.SetResult);
        await gone.Task;
    }

    /// <summary>Sends other bytes than the server has, without a hub's headers.</summary>
    internal static async Task SendAsync(HttpContext context, byte[] bytes)
    {
        context.Response.ContentLength = bytes.Length;
        if (context.Request.Method == "GET")
            await context.Response.Body.WriteAsync(bytes);
    }
}
