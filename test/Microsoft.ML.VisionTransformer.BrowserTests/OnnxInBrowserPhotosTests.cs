// A real pretrained ViT-Ti on real photos in a real browser, beside the library.
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.BrowserTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.BrowserTests;

[TestClass]
public sealed partial class OnnxInBrowserPhotosTests
{
    private const int Photos = 10;

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public void RequireModelAndBrowser()
    {
        Requires.OptionalData();
        SystemChromium.Require();
        SampleServer.Require();
    }

    [TestMethod]
    public Task PngFilesGetTheLibrarysAnswers() => CompareAsync(OptionalData.TinyImageNet, "*.png", probability: 1e-4, sameAnswers: Photos);

    /// <summary>
    /// Chromium decodes JPEGs as the library does, to the bit in the version that this was written with. Another version or browser may round colours
    /// differently, and this network is touchy.
    /// </summary>
    [TestMethod]
    public Task JpegFilesGetNearlyTheLibrarysAnswers() => CompareAsync(TestData.Flowers, "*.jpg", probability: 0.1, sameAnswers: Photos - 1);

    private async Task CompareAsync(string folder, string pattern, double probability, int sameAnswers)
    {
        string weights = OptionalData.PretrainedModel;
        string[] all = [.. Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        string[] paths = [.. Enumerable.Range(0, Photos).Select(i => all[i * all.Length / Photos])];
        await using var browser = await SystemChromium.StartAsync();
        using var work = new TemporaryFolder();
        string path = work.File("vit-tiny.onnx");
        var expected = Library(weights, path, paths);
        using var server = SampleServer.Start(path);
        var page = await ClassifyingPage.OpenAsync(browser, server);
        TestContext.WriteLine($"Chromium {browser.Version}. {await page.Model.TextContentAsync()}");

        int same = 0;
        double largest = 0;
        for (int i = 0; i < Photos; i++)
        {
            var found = await page.ClassifyAsync(Path.GetFileName(paths[i]), await File.ReadAllBytesAsync(paths[i], TestContext.CancellationToken));
            double difference = Answers.Difference(expected[i], found);
            largest = Math.Max(largest, difference);
            same += found[0].Name == expected[i][0].Name ? 1 : 0;
            TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"browser {found[0].Name} {found[0].Probability:F5}, library {expected[i][0].Name} {expected[i][0].Probability:F5}, off by {difference:g3}, ")
                + AfterPhotoOf().Match((await page.Status.TextContentAsync())!).Value);
            if (sameAnswers == Photos)
                Answers.AssertEqual(expected[i], found, probability);
        }

        Assert.IsGreaterThanOrEqualTo(sameAnswers, same);
        Assert.IsLessThan(probability, largest);
        page.AssertQuiet();
    }

    /// <summary>Writes the ONNX file and gives the library's answers.</summary>
    private static (string Name, float Probability)[][] Library(string weights, string path, string[] photos)
    {
        var context = new MLContext();
        using var model = context.Model.LoadVisionTransformer(weights, "ImagePath", options: new() { Device = "cpu" });
        model.SaveAsOnnx(path, new OnnxExportOptions { Input = OnnxInput.RawRgb });
        var scored = model.Transform(context.Data.LoadFromEnumerable(photos.Select(photo => new Photo { ImagePath = photo })));
        VBuffer<ReadOnlyMemory<char>> names = default;
        scored.Schema["Score"].GetSlotNames(ref names);
        string[] classes = [.. names.DenseValues().Select(name => name.ToString())];
        return [.. scored.GetColumn<float[]>("Score").Select(scores => classes.Zip(scores).OrderByDescending(c => c.Second).ToArray())];
    }

    [GeneratedRegex("photo of.*")]
    private static partial Regex AfterPhotoOf();

    private sealed class Photo
    {
        public string ImagePath { get; set; } = "";
    }
}
