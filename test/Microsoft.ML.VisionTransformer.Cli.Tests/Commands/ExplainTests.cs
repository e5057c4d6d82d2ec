// explain: the pictures, the contact sheet, and the map as JSON.
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Cli.Commands;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Tests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Commands;

[TestClass]
public sealed class ExplainTests
{
    [TestMethod]
    public void WritesAPictureForEachImageAndAContactSheet()
    {
        using var folder = new TemporaryFolder();
        string image = ColoredModel.Image("red");

        var run = CliRun.Done("explain", ColoredModel.Zip, image, image, "--out", folder.Path, "--class", "blue", "--method", "rollout", "--format", "json");
        var json = JsonDocument.Parse(run.OutputLines[0]).RootElement;

        Assert.AreEqual("blue", json.GetProperty("label").GetString());
        Assert.AreEqual(4, json.GetProperty("map").GetArrayLength());
        using var picture = SKBitmap.Decode(json.GetProperty("overlay").GetString());
        Assert.IsGreaterThan(480, picture.Width);
        Assert.HasCount(3, Directory.GetFiles(folder.Path));
        using var sheet = SKBitmap.Decode(Path.Combine(folder.Path, "contact-sheet.png"));
        Assert.AreEqual(12 + 2 * 172, sheet.Width);
        Assert.HasCount(2, run.OutputLines);
        StringAssert.Contains(run.Error, "contact-sheet.png");
    }

    [TestMethod]
    public void OneImageHasNoContactSheet()
    {
        using var folder = new TemporaryFolder();
        string image = folder.File("it's \"one\".png");
        File.Copy(ColoredModel.Image("red"), image);

        var run = CliRun.Done("explain", ColoredModel.Zip, image, "--out", folder.File("why", "x")[..^2], "--size", "320");

        StringAssert.StartsWith(run.Output, $"{image}: red ");
        string picture = Directory.GetFiles(folder.File("why", "x")[..^2]).Single();
        Assert.AreEqual("it's \"one\"-why.png", Path.GetFileName(picture));
        using var drawn = SKBitmap.Decode(picture);
        Assert.IsGreaterThan(320, drawn.Height + 60);
    }

    [TestMethod]
    public void OverlayOnlyWritesTheNetworksInput()
    {
        using var folder = new TemporaryFolder();
        string image = ColoredModel.Image("red");

        CliRun.Done("explain", ColoredModel.Zip, image, image, "--out", folder.Path, "--overlay-only", "--no-sheet");

        Assert.HasCount(2, Directory.GetFiles(folder.Path));
        using var picture = SKBitmap.Decode(Directory.GetFiles(folder.Path)[0]);
        Assert.AreEqual((16, 16), (picture.Width, picture.Height));
    }

    [TestMethod]
    [DataRow("a-why.png")]
    [DataRow("contact-sheet.png")]
    public void AnExistingFileIsRefusedBeforeAnyWork(string existing)
    {
        using var folder = new TemporaryFolder();
        foreach (string name in new[] { "a.png", "b.png" })
            File.Copy(ColoredModel.Image("red"), folder.File("photos", name));
        string photos = folder.File("photos", "x")[..^2], old = folder.File("why", existing);
        File.WriteAllText(old, "old");
        string[] command = ["explain", ColoredModel.Zip, photos, "--out", Path.GetDirectoryName(old)!];

        CliRun.Of(command).AssertFailed(1, "--force");
        CliRun.Of(["explain", "no-model.zip", .. command[2..]]).AssertFailed(1, "--force");

        Assert.AreEqual("old", File.ReadAllText(old));
        Assert.HasCount(1, Directory.GetFiles(Path.GetDirectoryName(old)!));
        CliRun.Done([.. command, "--force"]);
        Assert.HasCount(3, Directory.GetFiles(Path.GetDirectoryName(old)!));
        Assert.AreNotEqual("old", File.ReadAllText(old));
    }

    [TestMethod]
    public void MoreThanTwoHundredImagesHaveASecondSheet()
    {
        using var folder = new TemporaryFolder();
        for (int i = 0; i < 201; i++)
            File.Copy(ColoredModel.Image("red"), folder.File("photos", $"{i:D3}.png"));
        string why = folder.File("why", "x")[..^2];

        CliRun.Done("explain", ColoredModel.Zip, folder.File("photos", "x")[..^2], "--out", why, "--size", "64", "--overlay-only");

        Assert.HasCount(203, Directory.GetFiles(why));
        using var second = SKBitmap.Decode(Path.Combine(why, "contact-sheet-2.png"));
        Assert.AreEqual(12 + 172, second.Width);
    }

    [TestMethod]
    public void AllNamesAreKnownBeforeTheWork()
    {
        var images = Enumerable.Range(0, 401).Select(i => new InputImage("photo.jpg", "photo.jpg") { Problem = i == 3 ? "it does not exist" : null }).ToArray();

        var files = new ExplanationFiles("why", images, hasSheet: true);

        Assert.AreEqual(Path.Combine("why", "photo-3-why.png"), files.Images[2].Picture);
        Assert.AreEqual("", files.Images[3].Picture);
        CollectionAssert.AreEqual(new[] { Path.Combine("why", "contact-sheet.png"), Path.Combine("why", "contact-sheet-2.png") }, files.Sheets.ToArray());
        Assert.IsEmpty(new ExplanationFiles("why", images, hasSheet: false).Sheets);
        Assert.IsEmpty(new ExplanationFiles("why", images[..1], hasSheet: true).Sheets);
    }

    [TestMethod]
    public void AnUnknownClassIsRejectedWithTheListOfClasses()
    {
        using var folder = new TemporaryFolder();

        CliRun.Of("explain", ColoredModel.Zip, ColoredModel.Image("red"), "--class", "violet", "--out", folder.Path).AssertFailed(1, "blue, green, red");
    }

    [TestMethod]
    [DataRow("63")]
    [DataRow("4097")]
    public void ASizeOutOfRangeIsRefused(string size) =>
        CliRun.Of("explain", "m.zip", "x.jpg", "--size", size).AssertFailed(2, "--size must be from 64 to 4096");
}
