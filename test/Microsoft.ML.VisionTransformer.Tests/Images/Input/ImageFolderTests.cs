// Scanning of image folders.
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Input;

[TestClass]
public sealed class ImageFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void TheFirstLevelIsTheClass_DeeperLevelsAreFree()
    {
        Touch("tulips/b.PNG", "tulips/2019/may/a.jpeg", "Roses/z.webp", "Roses/a.jpg");

        var found = ImageFolder.Scan(_folder.Path);

        Assert.AreEqual("Roses, tulips", string.Join(", ", found.Classes));
        string[] expected = ["Roses/a.jpg Roses", "Roses/z.webp Roses", "tulips/2019/may/a.jpeg tulips", "tulips/b.PNG tulips"];
        CollectionAssert.AreEqual(expected, found.Images.Select(i => $"{Relative(i.Path)} {i.Label}").ToArray());
        Assert.IsTrue(found.Images.All(i => Path.IsPathFullyQualified(i.Path)));
        Assert.AreEqual(0, found.Ignored);
    }

    [TestMethod]
    public void HiddenAndOtherFilesAreLeftOutAndCounted()
    {
        Touch("a/1.jpg", "a/.2.jpg", "a/notes.txt", "a/Thumbs.db", "a/noextension", ".git/3.jpg", "a/.cache/4.jpg", "5.jpg", "README.md");

        var found = ImageFolder.Scan(_folder.Path);

        Assert.AreEqual("a/1.jpg", Relative(found.Images.Single().Path));
        Assert.AreEqual(8, found.Ignored);
    }

    [TestMethod]
    public void AFolderNamedLikeAnImageIsAFolder()
    {
        Touch("a/directory.jpg/keep.txt", "a/directory.jpg/1.png");
        Assert.AreEqual("a/directory.jpg/1.png", Relative(ImageFolder.Scan(_folder.Path).Images.Single().Path));
    }

    [TestMethod]
    [DataRow(".jpg")]
    [DataRow(".JPE")]
    [DataRow(".jfif")]
    [DataRow(".bmp")]
    [DataRow(".Gif")]
    [DataRow(".ico")]
    public void AnImageExtensionIsTakenInAnyCase(string extension)
    {
        Touch("a/1" + extension);
        Assert.HasCount(1, ImageFolder.Scan(_folder.Path).Images);
    }

    [TestMethod]
    public void LinksInACircleEnd()
    {
        Touch("a/1.jpg");
        Directory.CreateSymbolicLink(_folder.File("a", "again"), _folder.File("a"));
        Directory.CreateSymbolicLink(_folder.File("linked"), _folder.File("a"));

        var found = ImageFolder.Scan(_folder.Path);

        Assert.AreEqual("a/1.jpg, linked/1.jpg", string.Join(", ", found.Images.Select(i => Relative(i.Path))));
    }

    [TestMethod]
    public void AMissingFolderIsNamed()
    {
        string missing = Path.Combine(_folder.Path, "missing");
        var error = Assert.ThrowsExactly<DirectoryNotFoundException>(() => ImageFolder.Scan(missing));
        StringAssert.Contains(error.Message, missing);
        StringAssert.Contains(error.Message, "<folder>/<class>/<image>");
    }

    [TestMethod]
    public void ImagesWithoutClassFoldersAreExplained()
    {
        Touch("1.jpg", "2.jpg");
        var error = Assert.ThrowsExactly<InvalidDataException>(() => ImageFolder.Scan(_folder.Path));
        StringAssert.Contains(error.Message, _folder.Path);
        StringAssert.Contains(error.Message, "put each class in its own folder");
    }

    [TestMethod]
    public void ClassFoldersWithoutImagesAreNamedTogether()
    {
        Touch("full/1.jpg", "empty/notes.txt", "void/.hidden.jpg");
        var error = Assert.ThrowsExactly<InvalidDataException>(() => ImageFolder.Scan(_folder.Path));
        StringAssert.Contains(error.Message, "The class folders empty, void in");
        StringAssert.Contains(error.Message, _folder.Path);
    }

    private void Touch(params string[] files)
    {
        foreach (string file in files)
            File.WriteAllBytes(_folder.File(file.Split('/')), []);
    }

    private string Relative(string path) => Path.GetRelativePath(_folder.Path, path).Replace('\\', '/');
}
