// What the sample WebService does not classify: the status and the reason, within its limits.
using System.Net;
using Microsoft.ML.VisionTransformer.ServiceTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.ServiceTests;

[TestClass]
public sealed class RefusalTests
{
    private const int MaxUploadBytes = 100_000, MiB = 1 << 20;

    private static TinyModel _model = null!;
    private static SampleService _service = null!;
    private static byte[] _photo = null!;

    public TestContext TestContext { get; set; } = null!;

    [ClassInitialize]
    public static void StartOnce(TestContext _)
    {
        _model = new TinyModel();
        _service = SampleService.Start("--Model", _model.Path, "--MaxImageBytes", $"{MaxUploadBytes}", "--MaxPixels", "1000000");
        _photo = ColoredSamples.Make(perClass: 1)[0].Image;
    }

    [ClassCleanup]
    public static void Stop()
    {
        _service.Dispose();
        _model.Dispose();
    }

    /// <summary>Whatever was refused, the next photo is answered as ever.</summary>
    [TestCleanup]
    public async Task TheNextPhotoIsClassified()
    {
        using var answer = await _service.PostBodyAsync(_photo, "image/png", TestContext.CancellationToken);
        CollectionAssert.AreEqual(_model.Classify(_photo), await answer.ClassesAsync(TestContext.CancellationToken));
    }

    [TestMethod]
    [DataRow("image/jpeg")]
    [DataRow("image/x-unknown")]
    [DataRow("application/octet-stream")]
    [DataRow("IMAGE/PNG; name=photo")]
    public async Task APhotoMayComeAsTheBodyOfAnyImageType(string contentType)
    {
        using var answer = await _service.PostBodyAsync(_photo, contentType, TestContext.CancellationToken);

        CollectionAssert.AreEqual(_model.Classify(_photo), await answer.ClassesAsync(TestContext.CancellationToken));
    }

    [TestMethod]
    [DataRow(null, "has no content type")]
    [DataRow("text/plain", "text/plain is not accepted")]
    [DataRow("application/json", "application/json is not accepted")]
    [DataRow("application/x-www-form-urlencoded", "application/x-www-form-urlencoded is not accepted")]
    public async Task AnotherContentType_Is415(string? contentType, string reason)
    {
        using var answer = await _service.PostBodyAsync(_photo, contentType, TestContext.CancellationToken);

        StringAssert.Contains(await answer.ProblemAsync(HttpStatusCode.UnsupportedMediaType, TestContext.CancellationToken), reason);
    }

    [TestMethod]
    public async Task AnEmptyBody_Is400()
    {
        using var answer = await _service.PostBodyAsync([], "image/jpeg", TestContext.CancellationToken);

        StringAssert.Contains(await answer.ProblemAsync(HttpStatusCode.BadRequest, TestContext.CancellationToken), "The photo is empty");
    }

    [TestMethod]
    [DataRow(0, "The form cannot be read")]
    [DataRow(2, "The form has 2 files")]
    public async Task AFormWithoutExactlyOnePhoto_Is400(int photos, string reason)
    {
        using var answer = await _service.PostFormAsync([.. Enumerable.Repeat(_photo, photos)], TestContext.CancellationToken);

        StringAssert.Contains(await answer.ProblemAsync(HttpStatusCode.BadRequest, TestContext.CancellationToken), reason);
    }

    [TestMethod]
    [DataRow("multipart/form-data")]
    [DataRow("multipart/form-data; boundary=x")]
    public async Task ABrokenForm_Is400(string contentType)
    {
        using var answer = await _service.PostBodyAsync("no form"u8.ToArray(), contentType, TestContext.CancellationToken);

        StringAssert.Contains(await answer.ProblemAsync(HttpStatusCode.BadRequest, TestContext.CancellationToken), "The form cannot be read");
    }

    [TestMethod]
    [DataRow(MaxUploadBytes + 1)]
    [DataRow(2 * MaxUploadBytes)]
    [DataRow(20 * MiB)]
    public async Task ABodyBeyondTheLimit_Is413(int bytes)
    {
        using var answer = await _service.PostBodyAsync(new byte[bytes], "image/jpeg", TestContext.CancellationToken);

        StringAssert.Contains(
            await answer.ProblemAsync(HttpStatusCode.RequestEntityTooLarge, TestContext.CancellationToken), "; the service accepts at most 100 KB. Save it");
    }

    [TestMethod]
    [DataRow(MaxUploadBytes + 1)]
    [DataRow(2 * MaxUploadBytes)]
    public async Task AFormBeyondTheLimit_Is413(int bytes)
    {
        using var answer = await _service.PostFormAsync([new byte[bytes]], TestContext.CancellationToken);

        await answer.ProblemAsync(HttpStatusCode.RequestEntityTooLarge, TestContext.CancellationToken);
    }

    [TestMethod]
    [DataRow(MaxUploadBytes + 1)]
    [DataRow(2 * MaxUploadBytes)]
    public async Task ABodyThatDoesNotSayHowLongItIs_Is413WhereTheLimitIs(int bytes)
    {
        using var content = new StreamContent(new UnsizedStream(bytes));
        content.Headers.ContentType = new("image/jpeg");

        using var answer = await _service.PostAsync(content, TestContext.CancellationToken);

        await answer.ProblemAsync(HttpStatusCode.RequestEntityTooLarge, TestContext.CancellationToken);
    }

    [TestMethod]
    public async Task AFormInChunksBeyondTheLimit_Is413()
    {
        using var form = new MultipartFormDataContent { { new StreamContent(new UnsizedStream(2 * MaxUploadBytes)), "photo", "photo.png" } };

        using var answer = await _service.PostAsync(form, TestContext.CancellationToken);

        await answer.ProblemAsync(HttpStatusCode.RequestEntityTooLarge, TestContext.CancellationToken);
    }

    [TestMethod]
    public async Task WhatIsNoImage_Is422WithTheLibrarysReason()
    {
        using var answer = await _service.PostBodyAsync("<html>not found</html>"u8.ToArray(), "image/jpeg", TestContext.CancellationToken);

        string reason = await answer.ProblemAsync(HttpStatusCode.UnprocessableEntity, TestContext.CancellationToken);
        Assert.AreEqual(
            "The photo cannot be read as an image: it is HTML or XML text, perhaps a web server's error page. Choose another photo.", reason);
    }

    [TestMethod]
    public async Task APhotoThatWasCutOff_Is422WithTheLibrarysReason()
    {
        using var answer = await _service.PostBodyAsync(_photo[..(_photo.Length / 2)], "image/png", TestContext.CancellationToken);

        StringAssert.Contains(await answer.ProblemAsync(HttpStatusCode.UnprocessableEntity, TestContext.CancellationToken), "The photo is a PNG image that ends before the last pixel (an interrupted download or copy?). Choose another photo.");
    }

    [TestMethod]
    public async Task AnImageOfTooManyPixels_Is422BeforeItIsDecoded()
    {
        byte[] bomb = Bomb(30_000, 30_000);
        long before = _service.WorkingSet;

        using var answer = await _service.PostBodyAsync(bomb, "image/png", TestContext.CancellationToken);

        string reason = await answer.ProblemAsync(HttpStatusCode.UnprocessableEntity, TestContext.CancellationToken);
        StringAssert.Contains(reason, "30000 x 30000 pixels (900 megapixels); the service accepts at most 1 megapixel.");
        Assert.IsLessThan(before + 32 * MiB, _service.WorkingSet, "working set");
    }

    [TestMethod]
    public async Task WhereTheModelGivesMissingForWhatItCannotRead_ItIs422Too()
    {
        using var model = new TinyModel(InvalidImageHandling.Missing);
        using var service = SampleService.Start("--Model", model.Path);

        using var answer = await service.PostBodyAsync("no image"u8.ToArray(), "image/jpeg", TestContext.CancellationToken);

        StringAssert.Contains(await answer.ProblemAsync(HttpStatusCode.UnprocessableEntity, TestContext.CancellationToken), "The photo cannot be read");
    }

    [TestMethod]
    public async Task WhenNoMoreMayWait_Is503AndSaysWhenToComeAgain()
    {
        using var service = SampleService.Start("--Model", _model.Path, "--Engines", "1", "--QueueLimit", "0");
        byte[] large = ColoredPng(6000, 6000);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => service.PostBodyAsync(large, "image/png", TestContext.CancellationToken)));

        var refused = answers.Where(a => a.StatusCode != HttpStatusCode.OK).ToArray();
        Assert.IsNotEmpty(refused);
        foreach (var answer in refused)
        {
            Assert.IsNotNull(answer.Headers.RetryAfter);
            StringAssert.Contains(await answer.ProblemAsync(HttpStatusCode.ServiceUnavailable, TestContext.CancellationToken), "Too many photos are waiting");
        }

        Assert.IsTrue(answers.Any(a => a.StatusCode == HttpStatusCode.OK));
        Array.ForEach(answers, a => a.Dispose());
    }

    [TestMethod]
    public async Task EveryBadImageOfTheCollectionIsAnsweredAndNoneIsAnErrorOfTheService()
    {
        foreach (string file in Directory.EnumerateFiles(TestData.Path("bad-images")).Where(f => new FileInfo(f).Length <= MaxUploadBytes))
        {
            using var answer = await _service.PostBodyAsync(await File.ReadAllBytesAsync(file, TestContext.CancellationToken), "image/jpeg", TestContext.CancellationToken);

            Assert.IsTrue(
                answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest,
                $"{Path.GetFileName(file)}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(TestContext.CancellationToken)}");
        }
    }

    private static byte[] ColoredPng(int width, int height)
    {
        using var bitmap = new SKBitmap(width, height);
        bitmap.Erase(SKColors.Red);
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    /// <summary>A PNG whose header declares that size, and whose pixels are a few bytes.</summary>
    private static byte[] Bomb(int width, int height)
    {
        byte[] png = ColoredPng(1, 1);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), width);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), height);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), Crc32(png.AsSpan(12, 17)));
        return png;
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        uint crc = ~0u;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
        }

        return ~crc;
    }
}
