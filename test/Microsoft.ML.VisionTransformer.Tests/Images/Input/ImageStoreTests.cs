// The image store of a training run: images in memory and in the file give the same input.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Augmentation;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using Microsoft.ML.VisionTransformer.Tests.Support;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Input;

[TestClass]
public sealed class ImageStoreTests
{
    private static readonly ImagePreprocessing _settings = new() { Size = (11, 13) };
    private static readonly ImagePreprocessor _converter = new(_settings, new AugmentationPipeline(_settings));
    private static readonly ImageLocation _position = new(4, "Image");

    private static readonly Dictionary<string, Func<ImageSource>> _kinds = new()
    {
        ["encoded"] = () => new EncodedImageSource(PaintedImage.Encode(PaintedImage.Gradient(40, 30), SKEncodedImageFormat.Jpeg), "a test"),
        ["decoded"] = () => new DecodedImageSource(PaintedImage.Gradient(17, 29)),
        ["pixels"] = () => new PixelVectorSource([.. Enumerable.Range(0, 3 * 11 * 13).Select(i => MathF.Sin(i) / 3)]),
    };

    public static IEnumerable<object[]> Kinds => _kinds.Keys.Select(k => new object[] { k });

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void AnImageFromTheFileGivesTheVeryInputThatItGaveBefore(string kind)
    {
        using var folder = new TemporaryFolder();
        using var store = new ImageStore(0, folder.Path);
        var image = _kinds[kind]();

        var kept = store.Keep(image, _position);

        Assert.IsInstanceOfType<StoredImageSource>(kept);
        Assert.AreEqual(image.Content.Length, store.BytesInFile);
        CollectionAssert.AreEqual(Input(image, null), Input(kept, null));
        CollectionAssert.AreEqual(Input(image, RandomStream.For(1)), Input(kept, RandomStream.For(1)));
    }

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void AnImageWithinTheLimitStaysAsItIs(string kind)
    {
        var image = _kinds[kind]();
        using var store = new ImageStore(image.Content.Length, Nowhere());

        Assert.AreSame(image, store.Keep(image, _position));
        Assert.AreEqual(image.Content.Length, store.BytesInMemory);
        Assert.AreEqual(0, store.BytesInFile);
    }

    [TestMethod]
    public void MemoryIsFilledToTheLimitAndTheFileTakesTheRest()
    {
        using var folder = new TemporaryFolder();
        using var store = new ImageStore(1000, folder.Path);
        int[] sizes = [400, 500, 300, 90, 20, 5];

        string positions = string.Concat(sizes.Select(size => store.Keep(new EncodedImageSource(new byte[size], "a test"), _position) is StoredImageSource ? 'f' : 'm'));

        Assert.AreEqual("mmfmfm", positions, "300 and 20 do not fit in what is left of 1000");
        Assert.AreEqual(995, store.BytesInMemory);
        Assert.AreEqual(320, store.BytesInFile);
    }

    [TestMethod]
    public void PathsAndEmptyContentTakeNoRoom()
    {
        using var store = new ImageStore(0, Nowhere());
        ImageSource path = new ImageFileSource("a.jpg", "a test"), empty = new EncodedImageSource([], "a test");

        Assert.AreSame(path, store.Keep(path, _position));
        Assert.AreSame(empty, store.Keep(empty, _position));
    }

    [TestMethod]
    [DataRow(0L)]
    [DataRow(1000L)]
    public void ABorrowedImageLastsOnceItIsKept(long limit)
    {
        using var folder = new TemporaryFolder();
        using var store = new ImageStore(limit, folder.Path);
        byte[] buffer = [.. PaintedImage.Encode(PaintedImage.Gradient(4, 3), SKEncodedImageFormat.Png)];
        float[] expected = Input(new EncodedImageSource([.. buffer], "a test"), null);

        var kept = store.Keep(new BorrowedImageSource(buffer, "a test"), _position);
        Array.Clear(buffer);

        CollectionAssert.AreEqual(expected, Input(kept, null));
    }

    [TestMethod]
    public void ABrokenImageIsNamedAsItIsInMemory()
    {
        using var folder = new TemporaryFolder();
        using var store = new ImageStore(0, folder.Path);
        var image = new EncodedImageSource([1, 2, 3], _position.ToString());

        string expected = Assert.ThrowsExactly<InvalidImageException>(() => Input(image, null)).Message;
        string found = Assert.ThrowsExactly<InvalidImageException>(() => Input(store.Keep(image, _position), null)).Message;

        Assert.AreEqual(expected, found);
        Assert.Contains("row 4 of column 'Image'", found);
    }

    [TestMethod]
    public void AFolderThatTakesNoFileIsAnErrorThatNamesRowFolderAndWaysOut()
    {
        using var folder = new TemporaryFolder();
        string notAFolder = folder.File("taken");
        File.WriteAllText(notAFolder, "");
        using var store = new ImageStore(0, notAFolder);

        var error = Assert.ThrowsExactly<IOException>(() => store.Keep(_kinds["encoded"](), _position));

        foreach (string part in new[] { "row 4 of column 'Image'", notAFolder, "WorkspacePath", "ImageMemoryLimitBytes" })
            Assert.Contains(part, error.Message);
    }

    [TestMethod]
    public void ContentThatDoesNotComeBackIsAnErrorThatNamesTheRow()
    {
        using var folder = new TemporaryFolder();
        var stream = new FileStream(folder.File("cut"), new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, BufferSize = 0 });
        using var file = ScratchFile.On(stream);
        var bytes = new StoredBytes(file, file.Append(new byte[10]), 10, _position);
        stream.SetLength(5);

        var error = Assert.ThrowsExactly<IOException>(() => bytes.Read());

        Assert.Contains("row 4 of column 'Image'", error.Message);
        Assert.Contains(folder.Path, error.Message);
    }

    [TestMethod]
    public void TheDefaultLimitIsAQuarterOfTheMemoryAndAtMost4GiB()
    {
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

        Assert.IsGreaterThan(0, ImageStore.DefaultMemoryLimit);
        Assert.AreEqual(Math.Min(available / 4, 4L << 30), ImageStore.DefaultMemoryLimit);
    }

    private static string Nowhere() => Path.Combine(Path.GetTempPath(), "vision-transformer-test-that-writes-nothing");

    private static float[] Input(ImageSource image, RandomStream? random)
    {
        float[] input = new float[_converter.Length];
        image.Fill(_converter, random, input);
        return input;
    }
}
