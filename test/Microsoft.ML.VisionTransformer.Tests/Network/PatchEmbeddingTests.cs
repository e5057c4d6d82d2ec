// The mapping of pixels to tokens.
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Network;

[TestClass]
public sealed class PatchEmbeddingTests
{
    [TestMethod]
    public void PatchesAreTakenRowByRow()
    {
        using var scope = NewDisposeScope();
        // Pixels 0..11 in three rows of four; patches of 1 x 2. Output 0 adds the two pixels, output 1 is their difference plus 10.
        using var embedding = new PatchEmbedding(new() { Channels = 1, EmbeddingDimension = 2, ImageSize = (3, 4), PatchSize = (1, 2) });
        embedding.Set("proj.weight", 1, 1, -1, 1);
        embedding.Set("proj.bias", 0, 10);

        var tokens = embedding.call(arange(12, ScalarType.Float32).reshape(1, 1, 3, 4));

        CollectionAssert.AreEqual(new long[] { 1, 6, 2 }, tokens.shape);
        tokens.AssertValues(0, 1, 11, 5, 11, 9, 11, 13, 11, 17, 11, 21, 11);
    }

    [TestMethod]
    public void AStrideBelowThePatchMakesPatchesOverlap()
    {
        using var scope = NewDisposeScope();
        using var embedding = new PatchEmbedding(new() { Channels = 1, EmbeddingDimension = 1, ImageSize = (2, 5), PatchSize = (2, 3), PatchStride = (1, 2) });
        embedding.Set("proj.weight", 1, 1, 1, 1, 1, 1);
        embedding.Set("proj.bias", 0);

        var tokens = embedding.call(arange(10, ScalarType.Float32).reshape(1, 1, 2, 5));

        tokens.AssertValues(0, 0 + 1 + 2 + 5 + 6 + 7, 2 + 3 + 4 + 7 + 8 + 9);
    }

    [TestMethod]
    public void TheOptionalNormIsOverEachToken()
    {
        using var scope = NewDisposeScope();
        using var embedding = new PatchEmbedding(new() { Channels = 1, EmbeddingDimension = 2, ImageSize = (1, 2), PatchSize = 1, PatchNorm = true });
        embedding.Set("proj.weight", 1, 3);
        embedding.Set("proj.bias", 0, 0);
        embedding.Set("norm.weight", 1, 2);
        embedding.Set("norm.bias", 0, 5);

        var tokens = embedding.call(tensor([1f, -4f], [1, 1, 1, 2]));

        // Two values are always one deviation from their mean: (1, 3) gives (-1, 1), (-4, -12) gives (1, -1).
        tokens.AssertValues(1e-5, -1, 7, 1, 3);
    }
}
