// A few hundred damaged files with a fixed seed: each is decoded or rejected, with the same result every time; the fuzzer runs many more.
using Microsoft.ML.VisionTransformer.Fuzz;
using Microsoft.ML.VisionTransformer.Tests.Support;
using SkiaSharp;

namespace Microsoft.ML.VisionTransformer.Tests.Images.Decoding;

[TestClass]
public sealed class DamagedImagesTests
{
    private const int Cases = 400;

    [TestMethod]
    public void DamagedFilesAreReadOrRefused()
    {
        byte[][] corpus =
        [
            .. Encoded(SKEncodedImageFormat.Jpeg), .. Encoded(SKEncodedImageFormat.Png), .. Encoded(SKEncodedImageFormat.Webp),
            .. Mutator.Read([TestData.Path("golden", "preprocess")]),
        ];

        AssertSurvives(new Mutator(corpus, seed: 5));
    }

    [TestMethod]
    public void DamagedHardFilesAreReadOrRefused() => AssertSurvives(new Mutator(Mutator.Read([TestData.Path("bad-images")]), seed: 6));

    [TestMethod]
    public void TheSameNumberGivesTheSameFile()
    {
        byte[][] corpus = [.. Encoded(SKEncodedImageFormat.Png)];
        CollectionAssert.AreEqual(new Mutator(corpus, 7).Make(3), new Mutator(corpus, 7).Make(3));
        CollectionAssert.AreNotEqual(new Mutator(corpus, 7).Make(3), new Mutator(corpus, 7).Make(4));
    }

    private static void AssertSurvives(Mutator mutator)
    {
        var outcomes = Enumerable.Range(0, Cases).CountBy(number => FuzzCase.Run(mutator.Make(number), number)).ToDictionary();
        Assert.IsGreaterThan(Cases / 20, outcomes[FuzzOutcome.Decoded], "some damaged files are still decoded");
        Assert.IsGreaterThan(Cases / 20, outcomes[FuzzOutcome.Refused]);
    }

    private static IEnumerable<byte[]> Encoded(SKEncodedImageFormat format) =>
        [PaintedImage.Encode(PaintedImage.Gradient(23, 37), format), PaintedImage.Encode(PaintedImage.Gradient(64, 48), format, alpha: 100)];
}
