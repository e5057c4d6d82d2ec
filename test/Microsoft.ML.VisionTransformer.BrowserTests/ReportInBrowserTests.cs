// The report in a real browser: it fits, is readable in light, dark and on paper, can be followed by ear, and stays on this machine.
using System.Globalization;
using Microsoft.ML.VisionTransformer.BrowserTests.Support;
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Report;
using Microsoft.ML.VisionTransformer.Cli.Tests.Report;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.Playwright;

namespace Microsoft.ML.VisionTransformer.BrowserTests;

[TestClass]
public sealed class ReportInBrowserTests : IDisposable
{
    /// <summary>A phone, a tablet, a desktop.</summary>
    private const int Phone = 360, Tablet = 768, Desktop = 1280;

    /// <summary>A4 without its margins.</summary>
    private const int PaperWidth = 680;

    /// <summary>Criterion 1.4.3 of WCAG 2.2 for text of normal size.</summary>
    private const double LeastContrast = 4.5;

    private static SystemChromium? _browser;

    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    private string File => Path.Combine(_folder.Path, "report.html");

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
    [DataRow(Phone, ColorScheme.Light)]
    [DataRow(Phone, ColorScheme.Dark)]
    [DataRow(Tablet, ColorScheme.Light)]
    [DataRow(Tablet, ColorScheme.Dark)]
    [DataRow(Desktop, ColorScheme.Light)]
    [DataRow(Desktop, ColorScheme.Dark)]
    public async Task ItFitsTheWindow_AsksForNothing_AndItsTextStandsOut(int width, ColorScheme scheme)
    {
        var report = await ReportPage.OpenAsync(_browser!, File, PaintedReport.Make(), width, scheme);
        await report.UnfoldAsync();

        Assert.AreEqual(0, await report.OverflowAsync());
        await AssertContrastAsync(report.Page);
        int whole = await report.Page.Locator("img").EvaluateAllAsync<int>("all => all.filter(one => one.complete && one.naturalWidth > 0).length");
        Assert.AreEqual(await report.Page.Locator("img").CountAsync(), whole);
        string ground = await report.Page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor");
        Assert.AreEqual(scheme == ColorScheme.Dark, ground != "rgb(255, 255, 255)", ground);
        report.AssertQuiet();
    }

    [TestMethod]
    [DataRow(Phone)]
    [DataRow(Desktop)]
    public async Task ManyClassesWithLongNamesFit(int width)
    {
        int[] classes = [.. Enumerable.Range(0, 200)];
        string[] names = [.. classes.Select(i => i % 3 == 0 ? $"class {i} " + new string('x', 90) : $"a class of many words, the one with number {i}")];
        ScoredRow[] rows = [.. classes.Select(i => new ScoredRow
        {
            Name = $"{names[i]}/{new string('y', 120)}.jpg",
            Label = i,
            Probabilities = [.. classes.Select(c => c == i * 7 / 6 % 200 ? 1f : 0f)],
        })];
        var content = new ReportContent
        {
            Title = new string('t', 200),
            ClassNames = names,
            Rows = rows,
            Splits = [new("test", [.. classes.Select(_ => 1)])],
            Skipped = [new(new string('z', 200), new string('w', 200))],
            Options = [new("Data", "/" + new string('d', 200))],
        };

        var report = await ReportPage.OpenAsync(_browser!, File, content, width);
        await report.UnfoldAsync();

        Assert.AreEqual(0, await report.OverflowAsync());
        Assert.AreEqual(0, await report.Page.Locator(".matrix").CountAsync());
        report.AssertQuiet();
    }

    /// <summary>Twenty classes with long names are wider than a phone: the box of the matrix scrolls, the page does not.</summary>
    [TestMethod]
    public async Task AWideMatrixScrollsInItsOwnBox_AndKeepsTheNamesOfItsRowsInSight()
    {
        var report = await ReportPage.OpenAsync(_browser!, File, TwentyClasses(), Phone);
        var box = report.Page.Locator(".scroll").Filter(new() { Has = report.Page.Locator(".matrix") });
        await box.FocusAsync();
        await box.EvaluateAsync("box => box.scrollLeft = 10000");

        Assert.IsGreaterThan(0, await box.EvaluateAsync<int>("box => box.scrollLeft"));
        Assert.AreEqual(0, await report.OverflowAsync());
        var place = await box.Locator("tbody th").First.BoundingBoxAsync();
        Assert.IsGreaterThanOrEqualTo(0, place!.X);
        Assert.IsLessThanOrEqualTo(Phone / 2, place.Width);
    }

    [TestMethod]
    [DataRow(ColorScheme.Light)]
    [DataRow(ColorScheme.Dark)]
    public async Task NumbersStandOutInTheStrongestColoursOfTheMatrix(ColorScheme scheme) =>
        await AssertContrastAsync((await ReportPage.OpenAsync(_browser!, File, TwentyClasses(), Tablet, scheme)).Page);

    [TestMethod]
    public async Task ItCanBeFollowedByEar()
    {
        var report = await ReportPage.OpenAsync(_browser!, File, PaintedReport.Make(), Desktop);
        var page = report.Page;

        foreach (string landmark in (string[])["main", "body > header", "body > footer", "nav[aria-label]", "h1"])
            Assert.AreEqual(1, await page.Locator(landmark).CountAsync(), landmark);
        int[] levels = await page.Locator("h1, h2, h3, h4").EvaluateAllAsync<int[]>("all => all.map(one => Number(one.tagName[1]))");
        Assert.AreEqual(1, levels[0]);
        for (int i = 1; i < levels.Length; i++)
            Assert.IsLessThanOrEqualTo(levels[i - 1] + 1, levels[i], $"heading {i}");
        await AssertNoneAsync(page, "img:not([alt]), img[alt='']");
        await AssertNoneAsync(page, "th:not([scope]), table:not(:has(> caption))");
        await AssertNoneAsync(page, "svg[role='img']:not(:has(> title + desc)), svg:not([role='img']):not([aria-hidden='true'] *)");
        await AssertNoneAsync(page, ".scroll:not([tabindex='0']), .scroll:not([aria-label])");
        await AssertNoneAsync(page, "section:not([aria-labelledby]), html:not([lang])");
        string heard = await page.Locator("#calibration").AriaSnapshotAsync();
        StringAssert.Contains(heard, "img \"Reliability diagram");
    }

    [TestMethod]
    public async Task ALinkOfTheContentsLeadsToItsPart_ByKeyboard()
    {
        var report = await ReportPage.OpenAsync(_browser!, File, PaintedReport.Make(), Phone);

        await report.Page.GetByRole(AriaRole.Link, new() { Name = "Calibration" }).PressAsync("Enter");

        await report.Page.WaitForFunctionAsync("() => Math.abs(document.querySelector('#calibration').getBoundingClientRect().top) < 2");
        report.AssertQuiet();
    }

    /// <summary>The page has no scripts: links and the style sheet filter.</summary>
    [TestMethod]
    [DataRow(Phone)]
    [DataRow(Desktop)]
    public async Task ThePairsOfClassesFilterTheMistakes(int width)
    {
        var content = PaintedReport.Make(perClass: 100);
        var evaluation = EvaluationResult.Of(content)!;
        var report = await ReportPage.OpenAsync(_browser!, File, content, width);
        var page = report.Page;
        int all = evaluation.Rows.Count - evaluation.Right;
        var items = page.Locator("#mistakes .item:visible");
        Assert.AreEqual(all, await items.CountAsync());
        Assert.AreEqual(0, await page.Locator(".chosen:visible").CountAsync());

        foreach (var pair in evaluation.Confusion.Pairs())
        {
            string key = MistakesSection.KeyOf(pair.True, pair.Predicted);
            await page.Locator($".filter a[href='#{key}']").ClickAsync();

            Assert.AreEqual(pair.Count, await items.CountAsync());
            Assert.AreEqual(pair.Count, await page.Locator($"#mistakes .{key}:visible").CountAsync());
            string said = await page.Locator(".chosen:visible").InnerTextAsync();
            Assert.AreEqual($"Shown: {pair.Count} of {all} mistakes, {content.ClassNames[pair.True]} → {content.ClassNames[pair.Predicted]}. Show all", said);
            Assert.AreEqual(0, await report.OverflowAsync());
        }

        await page.Locator(".chosen:visible a").ClickAsync();
        Assert.AreEqual(all, await items.CountAsync());
        report.AssertQuiet();
    }

    [TestMethod]
    public async Task ANumberOfTheMatrixLeadsToItsImages_ByKeyboard()
    {
        var report = await ReportPage.OpenAsync(_browser!, File, PaintedReport.Make(perClass: 100), Phone);
        var cell = report.Page.Locator(".matrix a").First;
        int count = int.Parse(await cell.InnerTextAsync(), CultureInfo.InvariantCulture);

        await cell.PressAsync("Enter");

        Assert.AreEqual(count, await report.Page.Locator("#mistakes .item:visible").CountAsync());
        await Assertions.Expect(report.Page.Locator(".chosen:visible")).ToBeInViewportAsync();
        await report.Page.GoBackAsync();
        Assert.IsGreaterThan(count, await report.Page.Locator("#mistakes .item:visible").CountAsync());
        report.AssertQuiet();
    }

    [TestMethod]
    public async Task AFileNameOpensThePhotoInANewTab_AndAMissingPhotoLeavesThePage()
    {
        var painted = PaintedReport.Make();
        string[] photos = [_folder.File("my photos", "50% #1.png"), _folder.File("my photos", "gone.png")];
        System.IO.File.WriteAllBytes(photos[0], painted.Rows[0].Content!);
        ScoredRow[] rows = [.. photos.Select((photo, i) => painted.Rows[0] with { Name = $"photo {i}", Content = null, Path = photo, Probabilities = [0, i == 0 ? 1 : 0.9f, 0, 0, i == 0 ? 0 : 0.1f] })];
        var report = await ReportPage.OpenAsync(_browser!, File, painted with { Rows = rows, Overlay = null }, Desktop);

        var photo = await report.Page.RunAndWaitForPopupAsync(() => report.Page.GetByRole(AriaRole.Link, new() { Name = "photo 0" }).ClickAsync());
        await photo.WaitForLoadStateAsync();
        Assert.IsGreaterThan(0, await photo.Locator("img").EvaluateAsync<int>("image => image.naturalWidth"));

        StringAssert.Contains(await report.Page.Locator("#mistakes").InnerTextAsync(), "The image can no longer be read.");
        var gone = await report.Page.RunAndWaitForPopupAsync(() => report.Page.GetByRole(AriaRole.Link, new() { Name = "photo 1" }).ClickAsync());
        await gone.CloseAsync();
        Assert.AreEqual(2, await report.Page.Locator("#mistakes .cards li:visible").CountAsync());
    }

    [TestMethod]
    [DataRow(Phone, ColorScheme.Light)]
    [DataRow(Phone, ColorScheme.Dark)]
    [DataRow(Desktop, ColorScheme.Light)]
    [DataRow(Desktop, ColorScheme.Dark)]
    public async Task AComparisonFitsTheWindow_FiltersAndStandsOut(int width, ColorScheme scheme)
    {
        var comparison = PaintedComparison.Make();
        var report = await ReportPage.OpenAsync(_browser!, File, comparison, width, scheme);
        await report.UnfoldAsync();

        Assert.AreEqual(0, await report.OverflowAsync());
        await AssertContrastAsync(report.Page);
        foreach (var group in comparison.Disagreements().GroupBy(image => image.Pattern))
        {
            await report.Page.Locator($".filter a[href='#right-{group.Key}']").ClickAsync();
            Assert.AreEqual(group.Count(), await report.Page.Locator("#disagreements .item:visible").CountAsync());
        }

        report.AssertQuiet();
        await report.Page.SetViewportSizeAsync(PaperWidth, 800);
        await report.Page.EmulateMediaAsync(new() { Media = Media.Print });
        Assert.AreEqual(0, await report.OverflowAsync());
        Assert.AreEqual("rgb(255, 255, 255)", await report.Page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor"));
        Assert.IsFalse(await report.Page.Locator(".filter").IsVisibleAsync());
    }

    [TestMethod]
    public async Task OnPaperItIsBlackOnWhite_WithoutWhatIsForTheScreen()
    {
        var report = await ReportPage.OpenAsync(_browser!, File, PaintedReport.Make(), PaperWidth, ColorScheme.Dark);
        await report.Page.EmulateMediaAsync(new() { Media = Media.Print });

        Assert.AreEqual("rgb(255, 255, 255)", await report.Page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor"));
        Assert.IsFalse(await report.Page.Locator("nav").IsVisibleAsync());
        Assert.AreEqual(0, await report.Page.Locator("summary:visible").CountAsync());
        Assert.AreEqual(0, await report.OverflowAsync());
        await AssertContrastAsync(report.Page);
        byte[] pdf = await report.Page.PdfAsync(new() { Format = "A4" });
        Assert.IsTrue(pdf.AsSpan().StartsWith("%PDF"u8));
    }

    [TestMethod]
    public async Task AClassNamedLikeAScriptIsShownAndNotRun()
    {
        const string Hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>";
        var painted = PaintedReport.Make();

        var report = await ReportPage.OpenAsync(_browser!, File, painted with { ClassNames = [Hostile, .. painted.ClassNames.Skip(1)] }, Desktop);

        Assert.AreEqual(Hostile, await report.Page.Locator(".matrix tbody th").First.InnerTextAsync());
        report.AssertQuiet();
    }

    /// <summary>Each class is wholly right or wholly taken for the next one.</summary>
    private static ReportContent TwentyClasses()
    {
        string[] names = [.. Enumerable.Range(0, 20).Select(i => $"species number {i}")];
        ScoredRow[] rows =
        [
            .. names.Select((name, i) => new ScoredRow
            {
                Name = name,
                Label = i,
                Probabilities = [.. names.Select((_, c) => c == (i + i % 2) % 20 ? 1f : 0f)],
            }),
        ];
        return new ReportContent { Title = "Wide", ClassNames = names, Rows = rows };
    }

    private async Task AssertContrastAsync(IPage page)
    {
        var measured = await PageContrast.MeasureAsync(page);
        Assert.IsGreaterThan(100, measured.Length);
        var least = measured.MinBy(text => text.Ratio)!;
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"least contrast {least.Ratio:f2}: {least.Text}"));
        string[] faint = [.. measured.Where(text => text.Ratio < LeastContrast).Select(text => FormattableString.Invariant($"{text.Ratio:f2} {text.Text}"))];
        Assert.IsEmpty(faint, string.Join('\n', faint));
    }

    private static async Task AssertNoneAsync(IPage page, string selector) => Assert.AreEqual(0, await page.Locator(selector).CountAsync(), selector);
}
