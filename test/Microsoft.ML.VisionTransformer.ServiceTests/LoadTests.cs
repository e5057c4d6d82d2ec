// The sample WebService under load: no error, the answers of one thread, and memory that does not grow.
using System.Globalization;
using Microsoft.ML.VisionTransformer.ServiceTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.ServiceTests;

[TestClass]
public sealed class LoadTests
{
    private const int Clients = 16, DefaultRequests = 200, DefaultRequestsOfPhotos = 32, MiB = 1 << 20;

    /// <summary>
    /// How much larger the working set may be after the load than after the warm-up of as many requests. Weights of the small model take 0.1 MiB, so that a leak
    /// shows as growth with the number of requests; the bound is what the garbage collector and the allocators of 16 threads leave lying about.
    /// </summary>
    private const long Growth = 48 * MiB;

    /// <summary>The environment variable that sets another number of requests; 2,000 are the load of docs/serving.md.</summary>
    private const string RequestsVariable = "VIT_SERVICE_REQUESTS";

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task SixteenClientsGetTheAnswersOfOneThreadInFlatMemory()
    {
        using var model = new TinyModel();
        await LoadAsync(model.Path, model.Classify, [.. ColoredSamples.Make(perClass: 8).Select(s => s.Image)], DefaultRequests);
    }

    [TestMethod]
    public async Task ARealNetworkAnswersPhotosUnderLoadToo()
    {
        Requires.OptionalData();
        using var model = new RealModel();
        string photos = TestData.Flowers;
        byte[][] files = [.. Directory.GetFiles(photos, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Where((_, i) => i % 12 == 0).Select(File.ReadAllBytes)];
        await LoadAsync(model.Path, model.Classify, files, DefaultRequestsOfPhotos);
    }

    private async Task LoadAsync(string model, Func<byte[], (string Name, float Probability)[]> classify, byte[][] photos, int usualRequests)
    {
        var expected = photos.Select(classify).ToArray();
        int requests = int.Parse(Environment.GetEnvironmentVariable(RequestsVariable) ?? $"{usualRequests}", CultureInfo.InvariantCulture);
        using var service = SampleService.Start("--Model", model);

        await SendAsync(service, photos, expected, requests);
        long before = service.WorkingSet;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await SendAsync(service, photos, expected, requests);
        clock.Stop();
        long after = service.WorkingSet;

        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{requests} requests of {Clients} clients in {clock.Elapsed.TotalSeconds:F1} s; working set {before / MiB} MiB after the warm-up, {after / MiB} MiB after the load"));
        Assert.IsLessThan(before + Growth, after, "working set after the load");
    }

    /// <summary>Every client sends its share, one after the other, half as bodies and half as forms; each answer is compared.</summary>
    private Task SendAsync(SampleService service, byte[][] photos, (string Name, float Probability)[][] expected, int requests) =>
        Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            for (int request = client; request < requests; request += Clients)
            {
                int photo = request % photos.Length;
                using var answer = request % 2 == 0
                    ? await service.PostBodyAsync(photos[photo], "image/png", TestContext.CancellationToken)
                    : await service.PostFormAsync([photos[photo]], TestContext.CancellationToken);
                CollectionAssert.AreEqual(expected[photo], await answer.ClassesAsync(TestContext.CancellationToken), $"request {request}");
            }
        })));
}
