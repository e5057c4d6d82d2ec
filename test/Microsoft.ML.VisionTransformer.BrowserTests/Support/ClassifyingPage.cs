// The sample's page in a browser: what a user does there and reads there, and what the browser complained of.
using System.Globalization;
using Microsoft.Playwright;

namespace Microsoft.ML.VisionTransformer.BrowserTests.Support;

internal sealed class ClassifyingPage
{
    private readonly IPage _page;
    private readonly string _address;
    private readonly List<string> _complaints = [];
    private readonly List<string> _requests = [];

    private ClassifyingPage(IPage page, string address)
    {
        (_page, _address) = (page, address);
        page.Console += (_, message) => Add(_complaints, $"{message.Type}: {message.Text}");
        page.PageError += (_, error) => Add(_complaints, error);
        page.RequestFailed += (_, request) => Add(_complaints, $"{request.Url} {request.Failure}");
        page.Context.Request += (_, request) => Add(_requests, request.Url);
    }

    internal IPage Page => _page;

    /// <summary>What the page says of the model.</summary>
    internal ILocator Model => _page.Locator("#model");

    internal ILocator Status => _page.GetByRole(AriaRole.Status);

    internal ILocator Error => _page.GetByRole(AriaRole.Alert);

    internal ILocator Rows => _page.Locator("#classes tr");

    /// <summary>Opens the page and waits until it has loaded the model or said why not.</summary>
    internal static async Task<ClassifyingPage> OpenAsync(SystemChromium browser, SampleServer server, BrowserNewPageOptions? options = null)
    {
        var page = new ClassifyingPage(await browser.NewPageAsync(options), server.Address);
        await page._page.GotoAsync(server.Address);
        await page.Model.Filter(new() { HasNotText = "Loading" }).WaitForAsync(new() { State = WaitForSelectorState.Attached });
        return page;
    }

    /// <summary>Chooses a photo and waits for the answer: the probability of every class, most probable first.</summary>
    internal async Task<(string Name, float Probability)[]> ClassifyAsync(string name, byte[] photo)
    {
        await ChooseAsync(name, photo);
        await AnsweredAsync();
        return await ProbabilitiesAsync();
    }

    internal Task ChooseAsync(string name, byte[] photo) =>
        _page.GetByLabel("Choose a photo").SetInputFilesAsync(new FilePayload { Name = name, MimeType = "", Buffer = photo });

    internal Task AnsweredAsync() => Status.Filter(new() { HasText = "pixels" }).WaitForAsync();

    internal async Task<(string Name, float Probability)[]> ProbabilitiesAsync()
    {
        var all = _page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Show all") });
        if (await all.IsVisibleAsync())
            await all.ClickAsync();
        string[] lines = await Rows.EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.probability + ' ' + row.querySelector('th').textContent)");
        return [.. lines.Select(line => line.Split(' ', 2)).Select(parts => (parts[1], float.Parse(parts[0], CultureInfo.InvariantCulture)))];
    }

    /// <summary>The console is empty, every request was answered, and none went elsewhere than to the server.</summary>
    internal void AssertQuiet()
    {
        lock (_complaints)
            Assert.IsEmpty(_complaints, string.Join('\n', _complaints));
        lock (_requests)
        {
            Assert.IsNotEmpty(_requests);
            var ordinal = StringComparison.Ordinal;
            string[] elsewhere = [.. _requests.Where(url => !url.Replace("blob:", "", ordinal).StartsWith(_address, ordinal))];
            Assert.IsEmpty(elsewhere, string.Join('\n', elsewhere));
        }
    }

    private static void Add(List<string> list, string line)
    {
        lock (list)
            list.Add(line);
    }
}
