// The sample WebService as a user starts it: with a model, without one, and with what is none.
using System.Net;
using Microsoft.ML.VisionTransformer.ServiceTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.ServiceTests;

[TestClass]
public sealed class ServiceTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task WithoutAModelItTrainsOneThatTellsColors()
    {
        using var service = SampleService.Start();

        using var answer = await service.PostBodyAsync(Red(), "image/png", TestContext.CancellationToken);

        var classes = await answer.ClassesAsync(TestContext.CancellationToken);
        Assert.HasCount(6, classes);
        Assert.AreEqual("red", classes[0].Name);
        Assert.AreEqual(1, classes.Sum(c => c.Probability), 1e-5);
        CollectionAssert.AreEqual(classes.OrderByDescending(c => c.Probability).ToArray(), classes);
    }

    [TestMethod]
    public async Task ThePageAndTheHealthAreThere()
    {
        using var model = new TinyModel();
        using var service = SampleService.Start("--Model", model.Path);

        string page = await service.Client.GetStringAsync(new Uri(service.Address, "/"), TestContext.CancellationToken);
        string health = await service.Client.GetStringAsync(new Uri(service.Address, "/health"), TestContext.CancellationToken);
        using var elsewhere = await service.Client.GetAsync(new Uri(service.Address, "/appsettings.json"), TestContext.CancellationToken);

        StringAssert.Contains(page, "enctype=\"multipart/form-data\"");
        Assert.AreEqual("Healthy", health);
        Assert.AreEqual(HttpStatusCode.NotFound, elsewhere.StatusCode);
    }

    [TestMethod]
    public async Task AModelOfPathsTakesUploadsToo()
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(1);
        ColoredSamples.WriteTo(folder.Path, perClass: 4);
        var photos = context.Data.LoadImagesFromFolder(folder.Path);
        var options = new VisionTransformerTrainer.Options
        {
            FeatureColumnName = "ImagePath",
            Arch = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with { ImageSize = 16, PatchSize = 8, Depth = 1, EmbeddingDimension = 24, Heads = 2 },
            Epoch = 1,
        };
        string path = folder.File("model", "model.zip");
        using (var model = context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.MulticlassClassification.Trainers.VisionTransformer(options))
            .Append(context.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
            .Fit(photos))
        {
            context.Model.Save(model, photos.Schema, path);
        }

        using var service = SampleService.Start("--Model", path, "--ImageColumn", "ImagePath");
        using var answer = await service.PostBodyAsync(Red(), "image/png", TestContext.CancellationToken);

        Assert.HasCount(3, await answer.ClassesAsync(TestContext.CancellationToken));
    }

    [TestMethod]
    public async Task WithoutLibtorchItClassifiesAndSaysWhatExplanationsNeed()
    {
        using var folder = new TemporaryFolder();
        using var model = new TinyModel();
        using var service = SampleService.StartWithoutLibtorch(folder.Path, "--Model", model.Path);

        using var answer = await service.PostBodyAsync(Red(), "image/png", TestContext.CancellationToken);
        using var photo = new ByteArrayContent(Red());
        photo.Headers.ContentType = new("image/png");
        using var explanation = await service.PostAsync(photo, TestContext.CancellationToken, "explain");
        using var next = await service.PostBodyAsync(Red(), "image/png", TestContext.CancellationToken);

        CollectionAssert.AreEqual(model.Classify(Red()), await answer.ClassesAsync(TestContext.CancellationToken));
        StringAssert.StartsWith(
            await explanation.ProblemAsync(HttpStatusCode.NotImplemented, TestContext.CancellationToken), "Explanations need libtorch, and this service runs without it. Reference libtorch-cpu-");
        CollectionAssert.AreEqual(model.Classify(Red()), await next.ClassesAsync(TestContext.CancellationToken));
    }

    [TestMethod]
    [DataRow("--Model no-such.zip", "no-such.zip")]
    [DataRow("--Engines 0", "Engines is 0; it must be at least 1.")]
    [DataRow("--Engines many", "many")]
    [DataRow("--MaxImageBytes -1", "MaxImageBytes is -1")]
    public void WhatCannotStart_ExitsWithOneLineThatSaysWhy(string arguments, string reason)
    {
        var (exitCode, error) = SampleService.Fail(arguments.Split(' '));

        Assert.AreEqual(1, exitCode);
        StringAssert.Contains(error, reason);
        Assert.HasCount(1, error.TrimEnd().Split('\n'));
    }

    private static byte[] Red()
    {
        using var bitmap = new SKBitmap(80, 60);
        bitmap.Erase(new SKColor(200, 30, 35));
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}
