// The Chromium or Chrome of this machine, driven by Playwright; none is downloaded.
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.Playwright;

namespace Microsoft.ML.VisionTransformer.BrowserTests.Support;

internal sealed class SystemChromium : IAsyncDisposable
{
    /// <summary>Names the browser where it lies elsewhere than Debian puts it.</summary>
    private const string PathVariable = "CHROMIUM_PATH", DebianPath = "/usr/bin/chromium";

    /// <summary>
    /// Without them Chromium looks for its maker's servers. Its sandbox does not start for root and in most containers; all pages here are ours.
    /// </summary>
    private static readonly string[] _flags =
    [
        "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private SystemChromium(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    internal string Version => _browser.Version;

    private static string BrowserPath => Environment.GetEnvironmentVariable(PathVariable) ?? DebianPath;

    /// <summary>Skips the test where there is no browser; called first in a test.</summary>
    internal static void Require()
    {
        Requires.SlowTests();
        Requires.If(File.Exists(BrowserPath), $"Chromium at {BrowserPath} (Debian: apt-get install chromium), or its path in {PathVariable}");
    }

    /// <summary>The test calls <see cref="Require"/> before.</summary>
    internal static async Task<SystemChromium> StartAsync()
    {
        var playwright = await Playwright.Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = BrowserPath, Headless = true, Args = _flags });
        return new SystemChromium(playwright, browser);
    }

    internal Task<IPage> NewPageAsync(BrowserNewPageOptions? options = null) => _browser.NewPageAsync(options);

    public async ValueTask DisposeAsync()
    {
        await _browser.CloseAsync();
        _playwright.Dispose();
    }
}
