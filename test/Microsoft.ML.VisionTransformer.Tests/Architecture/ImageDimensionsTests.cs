// Sizes are created from one number or two.
namespace Microsoft.ML.VisionTransformer.Tests.Architecture;

[TestClass]
public sealed class ImageDimensionsTests
{
    [TestMethod]
    public void OneNumberIsASquareAndTwoAreHeightAndWidth()
    {
        var architecture = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with { ImageSize = (48, 80), PatchSize = 16, PatchStride = (8, 4) };

        Assert.AreEqual(new ImageDimensions(48, 80), architecture.ImageSize);
        Assert.AreEqual(new ImageDimensions(16, 16), architecture.PatchSize);
        Assert.AreEqual(new ImageDimensions(8, 4), architecture.PatchStride);
        Assert.AreEqual("48x80", architecture.ImageSize.ToString());
    }

    [TestMethod]
    public void PatchStrideCanBeOneNumber() =>
        Assert.AreEqual(new ImageDimensions(4, 4), (VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with { PatchStride = 4 }).PatchStride);
}
