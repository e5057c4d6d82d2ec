// Images read from paths, and paths without an image.
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Tests.Support;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Decoding;

[TestClass]
public sealed class ImageFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("plain.jpg", DisplayName = "PNG content in a file named .jpg")]
    [DataRow("ünïcödé 花 #%25&'(1).png")]
    [DataRow("e\u0301.png", DisplayName = "a name in NFD form")]
    public void AFileIsDecodedByItsContent(string name)
    {
        var image = PaintedImage.Gradient(7, 5);
        File.WriteAllBytes(_folder.File(name), PaintedImage.Encode(image, SKEncodedImageFormat.Png));
        CollectionAssert.AreEqual(image.Pixels, ImageFile.Decode(_folder.File(name), "row 0").Pixels);
    }

    [TestMethod]
    public void ALinkIsFollowed()
    {
        var image = PaintedImage.Gradient(7, 5);
        File.WriteAllBytes(_folder.File("plain.png"), PaintedImage.Encode(image, SKEncodedImageFormat.Png));
        File.CreateSymbolicLink(_folder.File("link.png"), _folder.File("plain.png"));
        CollectionAssert.AreEqual(image.Pixels, ImageFile.Decode(_folder.File("link.png"), "row 0").Pixels);
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow("")]
    [DataRow("  ")]
    public void AMissingPathNamesTheRow(string? path) =>
        StringAssert.StartsWith(Assert.ThrowsExactly<InvalidImageException>(() => ImageFile.Decode(path, "row 3")).Message, "row 3 has no path");

    [TestMethod]
    [DataRow("/dev/zero")]
    [DataRow("pipe.jpg")]
    [DataRow("link-to-pipe.jpg")]
    [Timeout(20_000, CooperativeCancellation = false)]
    public void OnlyRegularFilesAreRead(string name)
    {
        Requires.Linux("for its pipes and devices");
        using (var make = System.Diagnostics.Process.Start("mkfifo", _folder.File("pipe.jpg")))
            make.WaitForExit();
        File.CreateSymbolicLink(_folder.File("link-to-pipe.jpg"), "pipe.jpg");

        var error = Assert.ThrowsExactly<InvalidImageException>(() => ImageFile.Decode(Path.Combine(_folder.Path, name), "row 3"));

        StringAssert.Contains(error.Message, "is empty");
    }

    [TestMethod]
    [DataRow("missing.jpg", "does not exist")]
    [DataRow("no/folder/missing.jpg", "does not exist")]
    [DataRow("folder.jpg", "it is a folder")]
    [DataRow("dangling.jpg", "does not exist")]
    [DataRow("loop.jpg", "cannot be read")]
    [DataRow("text.jpg", "it is text")]
    [DataRow("empty.jpg", "is empty")]
    public void APathThatLeadsToNoImageIsNamed(string name, string expected)
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "folder.jpg"));
        File.CreateSymbolicLink(_folder.File("dangling.jpg"), "nowhere.jpg");
        File.CreateSymbolicLink(_folder.File("loop.jpg"), "loop.jpg");
        File.WriteAllText(_folder.File("text.jpg"), "not an image");
        File.WriteAllText(_folder.File("empty.jpg"), "");
        string path = Path.Combine(_folder.Path, name);

        var error = Assert.ThrowsExactly<InvalidImageException>(() => ImageFile.Decode(path, "column Image, row 3"));

        StringAssert.StartsWith(error.Message, $"{path} (column Image, row 3) ");
        StringAssert.Contains(error.Message, expected);
    }
}
