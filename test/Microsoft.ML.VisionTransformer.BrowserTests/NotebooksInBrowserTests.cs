// The saved notebooks as pages in a real browser: pictures show, and nothing is wider than the window.
using Microsoft.ML.VisionTransformer.BrowserTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.Playwright;
using NotebookRunner;
using NotebookRunner.Model;
using NotebookRunner.Rendering;

namespace Microsoft.ML.VisionTransformer.BrowserTests;

[TestClass]
public sealed class NotebooksInBrowserTests : IDisposable
{
    private const int Phone = 390, Desktop = 1200;

    /// <summary>Criterion 1.4.3 of WCAG 2.2 for text of normal size.</summary>
    private const double LeastContrast = 4.5;

    private static SystemChromium? _browser;

    private readonly TemporaryFolder _folder = new();

    public static IEnumerable<object[]> NamesAndWidths =>
        NotebookFolder.Programs([]).SelectMany(t => new[] { Phone, Desktop }.Select(width => new object[] { t.Notebook.Name, width }));

    [ClassCleanup]
    public static async Task Forget()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
    }

    [TestInitialize]
    public async Task StartBrowser()
    {
        SystemChromium.Require();
        _browser ??= await SystemChromium.StartAsync();
    }

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DynamicData(nameof(NamesAndWidths))]
    public async Task PicturesShow_ThePageFits_AndNothingIsComplainedOf(string name, int width)
    {
        var complaints = new List<string>();
        var page = await OpenAsync(name, width, complaints);

        await AssertNoneAsync(page, "img", "!one.complete || one.naturalWidth === 0");
        await AssertNoneAsync(page, "img", "!one.alt");
        await AssertNoneAsync(page, "svg", "one.getAttribute('role') !== 'img' || !one.querySelector('title')");
        Assert.AreEqual(0, await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"));
        // On a desktop code, outputs and tables are seen whole, what is folded away apart; on a phone they scroll, each in its own box.
        if (width == Desktop)
            await AssertNoneAsync(page, "pre, .scroll", "!one.closest('details') && one.scrollWidth > one.clientWidth");
        Assert.IsEmpty(complaints, string.Join('\n', complaints));
    }

    [TestMethod]
    [DataRow(ColorScheme.Light)]
    [DataRow(ColorScheme.Dark)]
    public async Task ItsTextStandsOut(ColorScheme scheme)
    {
        var page = await OpenAsync(NotebookFolder.Programs(["05"]).Single().Notebook.Name, Desktop, [], scheme);

        var faint = (await PageContrast.MeasureAsync(page))
            .Where(text => text.Ratio < LeastContrast).Select(text => FormattableString.Invariant($"{text.Ratio:f2} {text.Text}"));

        Assert.AreEqual("", string.Join('\n', faint));
    }

    private static async Task AssertNoneAsync(IPage page, string selector, string isWrong) => Assert.AreEqual("", string.Join(
        '\n', await page.Locator(selector).EvaluateAllAsync<string[]>($"all => all.filter(one => {isWrong}).map(one => one.outerHTML.slice(0, 200))")));

    private async Task<IPage> OpenAsync(string name, int width, List<string> complaints, ColorScheme scheme = ColorScheme.Light)
    {
        string file = Path.Combine(_folder.Path, name + ".html");
        NotebookPage.Write(file, NotebookFile.Read(NotebookFolder.Programs([name]).Single().NotebookPath));
        var page = await _browser!.NewPageAsync(new() { ViewportSize = new() { Width = width, Height = 800 }, ColorScheme = scheme });
        page.Console += (_, message) => complaints.Add($"{message.Type}: {message.Text}");
        page.PageError += (_, error) => complaints.Add(error);
        page.RequestFailed += (_, request) => complaints.Add($"{request.Url} {request.Failure}");
        await page.GotoAsync(new Uri(file).AbsoluteUri);
        return page;
    }
}
