// The list of test images, relative to the folder of the classes.
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Scaffold;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Scaffold;

[TestClass]
public sealed class HeldOutImagesTests
{
    [TestMethod]
    public void PathsAreRelativeToTheFolderOfTheClasses() => CollectionAssert.AreEqual(
        new[] { "roses/1.jpg", "roses/deeper/2.jpg", "tulips/3.jpg" },
        Paths(("photos/roses/1.jpg", "roses"), ("photos/roses/deeper/2.jpg", "roses"), ("photos/tulips/3.jpg", "tulips")));

    [TestMethod]
    public void AFolderAboveWithTheNameOfAClassIsNotTheClass() => CollectionAssert.AreEqual(
        new[] { "roses/roses.jpg", "tulips/2.jpg" },
        Paths(("roses/photos/roses/roses.jpg", "roses"), ("roses/photos/tulips/2.jpg", "tulips")));

    [TestMethod]
    public void AListWithoutClassFoldersHasNoPaths()
    {
        Assert.IsNull(Paths(("photos/1.jpg", "roses"), ("photos/2.jpg", "tulips")));
        Assert.IsNull(Paths(("a/roses/1.jpg", "roses"), ("b/tulips/2.jpg", "tulips")));
        Assert.IsNull(Paths(("photos/roses/1.jpg", "roses"), ("photos/tulips", "tulips")));
    }

    private static string[]? Paths(params (string Image, string Label)[] images) =>
        HeldOutImages.RelativePaths([.. images.Select(image => new LabeledImage { Image = Path.Combine(Path.GetTempPath(), image.Image), Label = image.Label })]);
}
