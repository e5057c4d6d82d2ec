// The sample OnnxInBrowser in a real browser: it shows the library's probabilities, says what is wrong, and stays on this machine.
using System.Globalization;
using Microsoft.ML.VisionTransformer.BrowserTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.BrowserTests;

[TestClass]
public sealed class OnnxInBrowserTests : IDisposable
{
    private const double LosslessTolerance = 1e-4;

    private static readonly OnnxExportOptions _rawPixels = new() { Input = OnnxInput.RawRgb };
    private static readonly byte[] _picture = ColoredSamples.Make(1, seed: 3)[0].Image;

    private static TinyModel _model = null!;
    private static SystemChromium? _browser;
    private static TemporaryFolder? _sharedFolder;
    private static SampleServer? _sharedServer;
    private static ClassifyingPage? _sharedPage;

    private readonly TemporaryFolder _folder = new();
    private SampleServer? _server;

    public TestContext TestContext { get; set; } = null!;

    [ClassInitialize]
    public static void Train(TestContext _) => _model = new TinyModel();

    [ClassCleanup]
    public static async Task Forget()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _sharedServer?.Dispose();
        _sharedFolder?.Dispose();
        _model.Dispose();
    }

    [TestInitialize]
    public async Task StartBrowser()
    {
        SystemChromium.Require();
        SampleServer.Require();
        _browser ??= await SystemChromium.StartAsync();
    }

    public void Dispose()
    {
        _server?.Dispose();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task PngFilesGetTheLibrarysProbabilities()
    {
        var page = await SharedPageAsync();
        double largest = 0;
        foreach (var sample in ColoredSamples.Make(perClass: 3, seed: 11))
        {
            var found = await page.ClassifyAsync("picture.png", sample.Image);
            largest = Math.Max(largest, Answers.AssertEqual(_model.Classify(sample.Image), found, LosslessTolerance));
        }

        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Chromium {_browser!.Version}: largest difference {largest:g3}"));
        page.AssertQuiet();
    }

    /// <summary>Transparency, palettes, 16 bits, interlacing; rotation by EXIF, colour profiles, greys.</summary>
    [TestMethod]
    [DataRow("plain.png", LosslessTolerance)]
    [DataRow("rgba-half.png", LosslessTolerance)]
    [DataRow("rgba-clear.png", LosslessTolerance)]
    [DataRow("grey-alpha.png", LosslessTolerance)]
    [DataRow("rgb-trns.png", LosslessTolerance)]
    [DataRow("palette-transparent.png", LosslessTolerance)]
    [DataRow("greyscale.png", LosslessTolerance)]
    [DataRow("interlaced.png", LosslessTolerance)]
    [DataRow("16-bit-rgb.png", LosslessTolerance)]
    [DataRow("lossless.webp", LosslessTolerance)]
    [DataRow("exif-orientation-3.jpg", 1e-2)]
    [DataRow("exif-orientation-5.jpg", 1e-2)]
    [DataRow("exif-orientation-6.jpg", 1e-2)]
    [DataRow("icc-srgb.jpg", 1e-2)]
    [DataRow("greyscale.jpg", 1e-2)]
    [DataRow("progressive.jpg", 1e-2)]
    public async Task EveryKindOfFileGetsTheLibrarysProbabilities(string file, double tolerance)
    {
        byte[] image = await File.ReadAllBytesAsync(TestData.Path("bad-images", file), TestContext.CancellationToken);
        var page = await SharedPageAsync();

        double difference = Answers.AssertEqual(_model.Classify(image), await page.ClassifyAsync(file, image), tolerance);

        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file}: {difference:g3}"));
        page.AssertQuiet();
    }

    [TestMethod]
    [DataRow("exif-orientation-1.jpg")]
    [DataRow("exif-orientation-6.jpg")]
    [DataRow("exif-orientation-8.jpg")]
    public async Task APhotoTakenSidewaysIsTurnedUpright(string file)
    {
        byte[] image = await File.ReadAllBytesAsync(TestData.Path("bad-images", file), TestContext.CancellationToken);
        using var codec = SkiaSharp.SKCodec.Create(new MemoryStream(image));
        bool turned = codec.EncodedOrigin != SkiaSharp.SKEncodedOrigin.TopLeft;
        var (width, height) = turned ? (codec.Info.Height, codec.Info.Width) : (codec.Info.Width, codec.Info.Height);
        Assert.AreNotEqual(width, height);
        var page = await SharedPageAsync();

        await page.ClassifyAsync(file, image);

        StringAssert.Contains(await page.Status.TextContentAsync(), string.Create(CultureInfo.InvariantCulture, $"{width} × {height} pixels"));
    }

    [TestMethod]
    public async Task AFileThatIsNoImage_IsAnsweredWithAMessage_AndTheNextPhotoWithItsClasses()
    {
        var page = await SharedPageAsync();

        await page.ChooseAsync("letter.png", "Dear model"u8.ToArray());
        await page.Error.Filter(new() { HasText = "letter.png is not an image" }).WaitForAsync();
        Assert.AreEqual(0, await page.Rows.Locator("visible=true").CountAsync());
        Assert.AreEqual("", await page.Status.TextContentAsync());

        await page.ClassifyAsync("picture.png", _picture);
        Assert.AreEqual("", await page.Error.TextContentAsync());
        page.AssertQuiet();
    }

    [TestMethod]
    public async Task ADroppedPhotoIsClassified()
    {
        var page = await SharedPageAsync();
        await page.Page.EvaluateAsync(
            """
            base64 => {
              const dataTransfer = new DataTransfer();
              dataTransfer.items.add(new File([Uint8Array.from(atob(base64), c => c.charCodeAt(0))], 'dropped.png'));
              document.querySelector('h1').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
            }
            """, Convert.ToBase64String(_picture));
        await page.AnsweredAsync();

        Answers.AssertEqual(_model.Classify(_picture), await page.ProbabilitiesAsync(), LosslessTolerance);
        page.AssertQuiet();
    }

    [TestMethod]
    public async Task TheKeyboardAloneOpensTheFileChooser()
    {
        var page = await OpenAsync(_rawPixels);

        // Keys go to the page in front, which may be another test's.
        await page.Page.BringToFrontAsync();
        await page.Page.Keyboard.PressAsync("Tab");
        Assert.AreEqual("photo", await page.Page.EvaluateAsync<string>("document.activeElement.id"), "the first thing that the keyboard reaches");
        var chooser = await page.Page.RunAndWaitForFileChooserAsync(() => page.Page.Keyboard.PressAsync("Enter"));

        Assert.IsFalse(chooser.IsMultiple);
    }

    [TestMethod]
    public async Task APhotoOfManyPixelsIsReadSmaller()
    {
        var page = await SharedPageAsync();

        await page.ClassifyAsync("large.png", LargePicture.Png(2600, 1800));

        StringAssert.Contains(await page.Status.TextContentAsync(), "2600 × 1800 pixels, read at 1/2 of its sides");
        page.AssertQuiet();
    }

    [TestMethod]
    [DataRow(OnnxPrecision.Float16, 0.02)]
    [DataRow(OnnxPrecision.Int8, 0.5)]
    public async Task SmallerNumbersRunToo(OnnxPrecision precision, double tolerance)
    {
        var page = await OpenAsync(new OnnxExportOptions { Input = OnnxInput.RawRgb, Precision = precision });

        double difference = Answers.Difference(_model.Classify(_picture), await page.ClassifyAsync("picture.png", _picture));

        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{precision}: {difference:g3}"));
        Assert.IsLessThan(tolerance, difference);
        page.AssertQuiet();
    }

    [TestMethod]
    public async Task WeightsInAFileBesideAreFound()
    {
        var page = await OpenAsync(new OnnxExportOptions { Input = OnnxInput.RawRgb, ExternalData = true });

        Answers.AssertEqual(_model.Classify(_picture), await page.ClassifyAsync("picture.png", _picture), LosslessTolerance);
        page.AssertQuiet();
    }

    [TestMethod]
    public async Task AModelThatWantsNormalisedInput_IsRefusedWithTheRemedy()
    {
        var page = await OpenAsync(new OnnxExportOptions());

        StringAssert.Contains(await page.Error.TextContentAsync(), "Input = OnnxInput.RawRgb");
        Assert.IsTrue(await page.Page.GetByLabel("Choose a photo").IsDisabledAsync());
        page.AssertQuiet();
    }

    [TestMethod]
    public async Task AModelWithoutProbabilities_IsRefusedWithTheRemedy()
    {
        var page = await OpenAsync(new OnnxExportOptions { Input = OnnxInput.RawRgb, Outputs = OnnxOutputs.Embedding });

        StringAssert.Contains(await page.Error.TextContentAsync(), "Outputs = OnnxOutputs.Probabilities");
        page.AssertQuiet();
    }

    [TestMethod]
    public async Task AFileThatIsNoOnnxFile_IsRefused()
    {
        string path = _folder.File("model.onnx");
        await File.WriteAllTextAsync(path, "Dear browser", TestContext.CancellationToken);
        _server = SampleServer.Start(path);
        var page = await ClassifyingPage.OpenAsync(_browser!, _server);

        Assert.AreEqual("model.onnx is no ONNX file, or it is cut off.", await page.Error.TextContentAsync());
        page.AssertQuiet();
    }

    /// <summary>One page with raw pixels as input, for tests that only choose photos: loading it costs more than the photo.</summary>
    private static async Task<ClassifyingPage> SharedPageAsync()
    {
        _sharedFolder ??= new TemporaryFolder();
        _sharedServer ??= SampleServer.Start(_model.Export(_sharedFolder.File("model.onnx"), _rawPixels));
        return _sharedPage ??= await ClassifyingPage.OpenAsync(_browser!, _sharedServer);
    }

    private Task<ClassifyingPage> OpenAsync(OnnxExportOptions options)
    {
        _server = SampleServer.Start(_model.Export(_folder.File("model.onnx"), options));
        return ClassifyingPage.OpenAsync(_browser!, _server);
    }
}
