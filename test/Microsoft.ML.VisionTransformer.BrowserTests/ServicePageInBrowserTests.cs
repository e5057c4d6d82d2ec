// The page of the sample WebService in a real browser: photo and overlay side by side, other classes, errors, light and dark, phone and desktop.
using Microsoft.ML.VisionTransformer.BrowserTests.Support;
using Microsoft.ML.VisionTransformer.ServiceTests.Support;
using Microsoft.Playwright;

namespace Microsoft.ML.VisionTransformer.BrowserTests;

[TestClass]
public sealed class ServicePageInBrowserTests
{
    private const int Phone = 390, Desktop = 1280;

    /// <summary>Criterion 1.4.3 of WCAG 2.2 for text of normal size.</summary>
    private const double MinContrast = 4.5;

    private static SystemChromium _browser = null!;
    private static SampleService _service = null!;

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public async Task StartOnce()
    {
        SystemChromium.Require();
        _browser ??= await SystemChromium.StartAsync();
        _service ??= SampleService.Start();
    }

    [ClassCleanup]
    public static async Task Stop()
    {
        _service?.Dispose();
        if (_browser is not null)
            await _browser.DisposeAsync();
    }

    [TestMethod]
    [DataRow(Phone, ColorScheme.Light)]
    [DataRow(Phone, ColorScheme.Dark)]
    [DataRow(Desktop, ColorScheme.Light)]
    [DataRow(Desktop, ColorScheme.Dark)]
    public async Task ItShowsThePhotoItsOverlayAndItsClasses(int width, ColorScheme scheme)
    {
        var (page, complaints) = await OpenAsync(width, scheme);
        await SaveScreenshotAsync(page, $"service-page-{width}-{scheme}-empty");
        await SendAsync(page, "photo.png", LargePng.Make(600, 400, interlaced: false));
        await page.Locator("#overlay").WaitForAsync();
        await SaveScreenshotAsync(page, $"service-page-{width}-{scheme}");

        foreach (string picture in new[] { "#preview", "#overlay" })
            Assert.IsTrue(await page.Locator(picture).EvaluateAsync<bool>("e => e.complete && e.naturalWidth > 0"), picture);
        Assert.AreEqual(5, await page.Locator("#classes tr").CountAsync());
        string best = await page.Locator("#classes tr button").First.InnerTextAsync();
        StringAssert.StartsWith(await page.Locator("#status").InnerTextAsync(), best + ", ");
        StringAssert.StartsWith(await page.Locator("#caption").InnerTextAsync(), best + ", ");
        StringAssert.Contains(await page.Locator("#overlay").GetAttributeAsync("alt"), best);
        await AssertFitsAsync(page);
        var photo = await page.Locator("#preview").BoundingBoxAsync();
        var overlay = await page.Locator("#overlay").BoundingBoxAsync();
        Assert.AreEqual(width == Desktop, Math.Abs(photo!.Y - overlay!.Y) < 1, "side by side");
        Assert.AreEqual(photo.Height, overlay.Height, 1);
        Assert.IsEmpty(complaints, string.Join('\n', complaints));
    }

    [TestMethod]
    public async Task AnotherClassIsExplainedWhenItIsClicked()
    {
        var (page, _) = await OpenAsync(Desktop, ColorScheme.Light);
        await SendAsync(page, "photo.png", LargePng.Make(60, 40, interlaced: false));
        await page.Locator("#overlay").WaitForAsync();
        string? before = await page.Locator("#overlay").GetAttributeAsync("src");
        var second = page.Locator("#classes tr button").Nth(1);

        await second.ClickAsync();
        await page.Locator($"#overlay:not([src='{before}'])").WaitForAsync();

        StringAssert.StartsWith(await page.Locator("#caption").InnerTextAsync(), await second.InnerTextAsync() + ", ");
        Assert.AreEqual("true", await second.GetAttributeAsync("aria-pressed"));
        Assert.AreEqual(1, await page.Locator("#classes button[aria-pressed=true]").CountAsync());
    }

    [TestMethod]
    [DataRow("text.jpg", 4, "The photo cannot be read as an image")]
    [DataRow("large.jpg", 20_000_000, "The photo is 20 MB; the service accepts at most 10 MB.")]
    public async Task ARefusalIsShownAsItIs(string name, int bytes, string reason)
    {
        var (page, _) = await OpenAsync(Phone, ColorScheme.Light);
        byte[] content = new byte[bytes];
        content.AsSpan().Fill((byte)'a');

        await SendAsync(page, name, content);
        await page.Locator("#error:not(:empty)").WaitForAsync();

        StringAssert.StartsWith(await page.Locator("#error").InnerTextAsync(), reason);
        Assert.IsFalse(await page.Locator("#result").IsVisibleAsync());
        await AssertFitsAsync(page);
        await SaveScreenshotAsync(page, $"service-page-refused-{name}");
    }

    private static async Task<(IPage Page, List<string> Complaints)> OpenAsync(int width, ColorScheme scheme)
    {
        var page = await _browser.NewPageAsync(new() { ViewportSize = new() { Width = width, Height = 900 }, ColorScheme = scheme });
        var complaints = new List<string>();
        page.Console += (_, message) => complaints.Add($"{message.Type}: {message.Text}");
        page.PageError += (_, error) => complaints.Add(error);
        await page.GotoAsync(_service.Address.AbsoluteUri);
        return (page, complaints);
    }

    private static async Task SendAsync(IPage page, string name, byte[] content)
    {
        await page.Locator("#photo").SetInputFilesAsync(new FilePayload { Name = name, MimeType = "image/jpeg", Buffer = content });
        await page.Locator("form button").ClickAsync();
    }

    private static async Task AssertFitsAsync(IPage page)
    {
        Assert.AreEqual(0, await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"), "overflow");
        foreach (var text in await PageContrast.MeasureAsync(page))
            Assert.IsGreaterThanOrEqualTo(MinContrast, text.Ratio, text.Text);
    }

    private async Task SaveScreenshotAsync(IPage page, string name)
    {
        string path = Path.Combine(TestContext.TestRunResultsDirectory!, name + ".png");
        await page.ScreenshotAsync(new() { Path = path, FullPage = true });
        TestContext.AddResultFile(path);
    }
}
