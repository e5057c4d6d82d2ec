// Sends photos to the service and reads its answers.
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace Microsoft.ML.VisionTransformer.ServiceTests.Support;

internal static class ServiceAnswers
{
    /// <summary>Sends the photo as the body.</summary>
    internal static Task<HttpResponseMessage> PostBodyAsync(this SampleService service, byte[] photo, string? contentType, CancellationToken cancellation)
    {
        var content = new ByteArrayContent(photo);
        content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);
        return service.PostAsync(content, cancellation);
    }

    /// <summary>Sends the photos as files of a form.</summary>
    internal static Task<HttpResponseMessage> PostFormAsync(this SampleService service, byte[][] photos, CancellationToken cancellation)
    {
        var form = new MultipartFormDataContent();
        foreach (byte[] photo in photos)
            form.Add(new ByteArrayContent(photo), "photo", "photo.png");
        return service.PostAsync(form, cancellation);
    }

    /// <summary>Sends that content.</summary>
    /// <param name="service">The service.</param>
    /// <param name="content">The body and its content type.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <param name="path">The endpoint.</param>
    /// <param name="asksFirst">Whether the request waits for "100 Continue" before it sends the body, as curl does with large bodies.</param>
    internal static async Task<HttpResponseMessage> PostAsync(
        this SampleService service, HttpContent content, CancellationToken cancellation, string path = "classify", bool asksFirst = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        request.Headers.ExpectContinue = asksFirst;
        return await service.Client.SendAsync(request, cancellation);
    }

    /// <summary>The classes of an answer, in its order.</summary>
    internal static async Task<(string Name, float Probability)[]> ClassesAsync(this HttpResponseMessage answer, CancellationToken cancellation)
    {
        Assert.AreEqual(HttpStatusCode.OK, answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellation));
        var content = await answer.Content.ReadFromJsonAsync<Answer>(cancellation);
        return [.. content!.Classes.Select(c => (c.Name, c.Probability))];
    }

    /// <summary>The reason of a refusal, which is a problem (RFC 9457) of that status.</summary>
    internal static async Task<string> ProblemAsync(this HttpResponseMessage answer, HttpStatusCode status, CancellationToken cancellation)
    {
        string content = await answer.Content.ReadAsStringAsync(cancellation);
        Assert.AreEqual(status, answer.StatusCode, content);
        Assert.AreEqual("application/problem+json", answer.Content.Headers.ContentType?.MediaType, content);
        var problem = await answer.Content.ReadFromJsonAsync<Problem>(cancellation);
        Assert.AreEqual((int)status, problem!.Status);
        return problem.Detail;
    }

    private sealed record Answer(IReadOnlyList<ClassProbability> Classes);

    private sealed record ClassProbability(string Name, float Probability);

    private sealed record Problem(int Status, string Detail);
}
