// The endpoint /explain of the sample WebService: the overlay of the library, and what it refuses.
using System.Net;
using System.Net.Http.Headers;
using Microsoft.ML.VisionTransformer.ServiceTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.ServiceTests;

[TestClass]
public sealed class ExplanationTests
{
    private static TinyModel _model = null!;
    private static SampleService _service = null!;
    private static byte[] _photo = null!;

    public TestContext TestContext { get; set; } = null!;

    [ClassInitialize]
    public static void StartOnce(TestContext _)
    {
        _model = new TinyModel();
        _service = SampleService.Start("--Model", _model.Path);
        _photo = ColoredSamples.Make(perClass: 1)[0].Image;
    }

    [ClassCleanup]
    public static void Stop()
    {
        _service.Dispose();
        _model.Dispose();
    }

    [TestMethod]
    public async Task TheOverlayIsTheLibrarys()
    {
        foreach (int? index in new int?[] { null, 0, 1, 2 })
        {
            using var answer = await PostAsync(_photo, index is null ? "explain" : $"explain?index={index}");

            Assert.AreEqual(HttpStatusCode.OK, answer.StatusCode);
            Assert.AreEqual("image/png", answer.Content.Headers.ContentType?.MediaType);
            CollectionAssert.AreEqual(_model.Overlay(_photo, index), await answer.Content.ReadAsByteArrayAsync(TestContext.CancellationToken), $"{index}");
        }
    }

    [TestMethod]
    public async Task AFormIsAccepted()
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(_photo), "photo", "photo.png" } };

        using var answer = await _service.PostAsync(form, TestContext.CancellationToken, "explain");

        using var overlay = SKBitmap.Decode(await answer.Content.ReadAsByteArrayAsync(TestContext.CancellationToken));
        Assert.AreEqual(640, Math.Max(overlay.Width, overlay.Height), "the photo at its own aspect ratio");
    }

    [TestMethod]
    public async Task ManyAtOnceAreAllAnswered()
    {
        byte[] expected = _model.Overlay(_photo, null);

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => PostAsync(_photo, "explain")));

        foreach (var answer in answers)
            CollectionAssert.AreEqual(expected, await answer.Content.ReadAsByteArrayAsync(TestContext.CancellationToken));
        Array.ForEach(answers, a => a.Dispose());
    }

    [TestMethod]
    public async Task AnUnknownClass_Is400()
    {
        using var answer = await PostAsync(_photo, "explain?index=3");

        Assert.AreEqual(
            "The model has no class with index 3; it has 3 classes, numbered from 0.", await answer.ProblemAsync(HttpStatusCode.BadRequest, TestContext.CancellationToken));
    }

    [TestMethod]
    public async Task WhatIsNotAnImage_Is422()
    {
        using var answer = await PostAsync("text"u8.ToArray(), "explain");

        StringAssert.StartsWith(
            await answer.ProblemAsync(HttpStatusCode.UnprocessableEntity, TestContext.CancellationToken), "The photo cannot be read as an image: it is text;");
    }

    private Task<HttpResponseMessage> PostAsync(byte[] photo, string path)
    {
        var content = new ByteArrayContent(photo);
        content.Headers.ContentType = new MediaTypeHeaderValue("image/png");
        return _service.PostAsync(content, TestContext.CancellationToken, path);
    }
}
