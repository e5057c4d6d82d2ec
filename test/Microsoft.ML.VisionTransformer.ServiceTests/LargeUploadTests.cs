// Uploads far beyond the limit: the client gets the reason, not a broken connection, however it sends them.
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Microsoft.ML.VisionTransformer.ServiceTests.Support;

namespace Microsoft.ML.VisionTransformer.ServiceTests;

[TestClass]
public sealed class LargeUploadTests
{
    private const int Large = 100 << 20, MB = 1_000_000;

    private const string Limit = "; the service accepts at most 10 MB. Save it at a lower resolution or quality and try again.";

    private static TinyModel _model = null!;
    private static SampleService _service = null!;

    public TestContext TestContext { get; set; } = null!;

    [ClassInitialize]
    public static void StartOnce(TestContext _)
    {
        _model = new TinyModel();
        _service = SampleService.Start("--Model", _model.Path);
    }

    [ClassCleanup]
    public static void Stop()
    {
        _service.Dispose();
        _model.Dispose();
    }

    [TestMethod]
    [DataRow("classify", false)]
    [DataRow("classify", true)]
    [DataRow("explain", false)]
    public async Task ABodyOfKnownLengthGetsItsSizeAndTheLimit(string path, bool asksFirst)
    {
        using var content = new ByteArrayContent(new byte[Large]);
        content.Headers.ContentType = new MediaTypeHeaderValue("image/jpeg");

        using var answer = await _service.PostAsync(content, TestContext.CancellationToken, path, asksFirst);

        Assert.AreEqual("The photo is 104.9 MB" + Limit, await answer.ProblemAsync(HttpStatusCode.RequestEntityTooLarge, TestContext.CancellationToken));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task ABodyInChunksGetsTheLimit(bool asksFirst)
    {
        using var content = new StreamContent(new UnsizedStream(Large));
        content.Headers.ContentType = new MediaTypeHeaderValue("image/jpeg");

        using var answer = await _service.PostAsync(content, TestContext.CancellationToken, asksFirst: asksFirst);

        Assert.AreEqual("The photo is larger than 10 MB" + Limit, await answer.ProblemAsync(HttpStatusCode.RequestEntityTooLarge, TestContext.CancellationToken));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task AFormGetsTheLimit(bool inChunks)
    {
        HttpContent file = inChunks ? new StreamContent(new UnsizedStream(Large)) : new ByteArrayContent(new byte[Large]);
        using var form = new MultipartFormDataContent { { file, "photo", "photo.jpg" } };

        using var answer = await _service.PostAsync(form, TestContext.CancellationToken);

        StringAssert.EndsWith(await answer.ProblemAsync(HttpStatusCode.RequestEntityTooLarge, TestContext.CancellationToken), Limit);
    }

    [TestMethod]
    public async Task AnotherRefusalOfALargeBodyIsReadToo()
    {
        using var content = new ByteArrayContent(new byte[Large]);
        content.Headers.ContentType = new MediaTypeHeaderValue("text/plain");

        using var answer = await _service.PostAsync(content, TestContext.CancellationToken);

        StringAssert.Contains(await answer.ProblemAsync(HttpStatusCode.UnsupportedMediaType, TestContext.CancellationToken), "text/plain is not accepted");
    }

    /// <summary>A client that reads only after it has sent everything: a closed connection would be an error while it sends.</summary>
    [TestMethod]
    public async Task AClientThatSendsEverythingFirstReadsTheAnswer()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_service.Address.Host, _service.Address.Port, TestContext.CancellationToken);
        await using var connection = client.GetStream();
        string head = string.Create(
            CultureInfo.InvariantCulture, $"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: {Large}\r\nConnection: close\r\n\r\n");
        await connection.WriteAsync(Encoding.ASCII.GetBytes(head), TestContext.CancellationToken);
        byte[] part = new byte[1 << 20];
        for (int sent = 0; sent < Large; sent += part.Length)
            await connection.WriteAsync(part, TestContext.CancellationToken);

        string answer = await new StreamReader(connection).ReadToEndAsync(TestContext.CancellationToken);

        StringAssert.StartsWith(answer, "HTTP/1.1 413 ");
        StringAssert.Contains(answer, "The photo is 104.9 MB" + Limit);
    }

    [TestMethod]
    public async Task TheMemoryOfManyUploadsIsBounded()
    {
        using var service = SampleService.Start("--Model", _model.Path, "--Engines", "1", "--MaxImageBytesInMemory", "20000000");
        byte[] photo = [.. LargePng.Make(4000, 4000, interlaced: false), .. new byte[9 * MB]];

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => service.PostBodyAsync(photo, "image/png", TestContext.CancellationToken)));

        Assert.IsTrue(answers.Any(a => a.StatusCode == HttpStatusCode.OK));
        var refused = answers.Where(a => a.StatusCode != HttpStatusCode.OK).ToArray();
        Assert.IsNotEmpty(refused);
        foreach (var answer in refused)
            StringAssert.Contains(await answer.ProblemAsync(HttpStatusCode.ServiceUnavailable, TestContext.CancellationToken), "Too many photos are being uploaded");
        Array.ForEach(answers, a => a.Dispose());
        using var next = await service.PostBodyAsync(photo, "image/png", TestContext.CancellationToken);
        Assert.AreEqual(HttpStatusCode.OK, next.StatusCode);
    }
}
