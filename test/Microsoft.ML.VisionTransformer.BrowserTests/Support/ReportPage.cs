// A page of the tool in a browser, and what the browser complained of and asked for.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.Playwright;

namespace Microsoft.ML.VisionTransformer.BrowserTests.Support;

internal sealed class ReportPage
{
    private readonly List<string> _complaints = [];
    private readonly List<string> _requests = [];
    private readonly string _address;

    private ReportPage(IPage page, string file)
    {
        (Page, _address) = (page, new Uri(file).AbsoluteUri);
        page.Console += (_, message) => Add(_complaints, $"{message.Type}: {message.Text}");
        page.PageError += (_, error) => Add(_complaints, error);
        page.Dialog += (_, dialog) => Add(_complaints, $"dialog: {dialog.Message}");
        page.RequestFailed += (_, request) => Add(_complaints, $"{request.Url} {request.Failure}");
        page.Context.Request += (_, request) => Add(_requests, request.Url);
    }

    internal IPage Page { get; }

    internal static Task<ReportPage> OpenAsync(SystemChromium browser, string file, ReportContent content, int width, ColorScheme scheme = ColorScheme.Light)
    {
        HtmlReport.Write(file, content);
        return OpenAsync(browser, file, width, scheme);
    }

    internal static Task<ReportPage> OpenAsync(SystemChromium browser, string file, ModelComparison comparison, int width, ColorScheme scheme = ColorScheme.Light)
    {
        ComparisonReport.Write(file, comparison, "test-photos", new DateTimeOffset(2026, 3, 14, 15, 9, 0, TimeSpan.Zero));
        return OpenAsync(browser, file, width, scheme);
    }

    private static async Task<ReportPage> OpenAsync(SystemChromium browser, string file, int width, ColorScheme scheme)
    {
        var options = new BrowserNewPageOptions { ViewportSize = new() { Width = width, Height = 800 }, ColorScheme = scheme };
        var page = new ReportPage(await browser.NewPageAsync(options), file);
        await page.Page.GotoAsync(page._address);
        return page;
    }

    /// <summary>Opens what is folded away, so that it is judged as well.</summary>
    internal Task UnfoldAsync() => Page.Locator("details").EvaluateAllAsync<object?>("all => { for (const one of all) one.open = true; }");

    /// <summary>Pixels by which the page is wider than the window.</summary>
    internal Task<int> OverflowAsync() => Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");

    /// <summary>The console is empty, and nothing was asked for but the file itself and the pictures inside it.</summary>
    internal void AssertQuiet()
    {
        lock (_complaints)
            Assert.IsEmpty(_complaints, string.Join('\n', _complaints));
        lock (_requests)
        {
            CollectionAssert.Contains(_requests, _address);
            string[] others = [.. _requests.Where(url => url != _address && !url.StartsWith("data:image/jpeg;", StringComparison.Ordinal))];
            Assert.IsEmpty(others, string.Join('\n', others));
        }
    }

    private static void Add(List<string> list, string line)
    {
        lock (list)
            list.Add(line);
    }
}
