// Attention rollout against timm's attention, and on a case computed by hand.
using Microsoft.ML.VisionTransformer.Explain;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Explain;

[TestClass]
public sealed class AttentionRolloutTests
{
    /// <summary>timm's own float32 is within 1e-7 of float64.</summary>
    private const double Tolerance = 5e-6;

    [TestMethod]
    public void TheMatrixIsTheOneOfTimmsAttention()
    {
        using var scope = NewDisposeScope();
        using var golden = GoldenModel.Load("vit_plain");
        using var noGradients = no_grad();

        var rollout = AttentionRollout.Of(golden.Network.AttentionWeights(golden["input"]));

        Assert.IsLessThanOrEqualTo(Tolerance, golden.Difference("rollout_matrix", rollout));
    }

    [TestMethod]
    public void TheMapIsTheClassTokensRowWithoutThePrefix()
    {
        using var scope = NewDisposeScope();
        using var golden = GoldenModel.Load("vit_plain");

        var maps = golden.Network.Explain(golden["input"], ExplanationMethod.Rollout, target: null, temperature: 1);

        Assert.IsLessThanOrEqualTo(Tolerance, golden.Difference("rollout_map", tensor(maps.Values, [2, 4, 4])));
    }

    [TestMethod]
    public void TwoBlocksMultiplyFromTheLeft()
    {
        using var scope = NewDisposeScope();
        // Two heads whose mean is ((0, 1), (1, 0)), then a block that attends only to the second token.
        var first = tensor([0.5f, 0.5f, 1f, 0f, -0.5f, 1.5f, 1f, 0f], [1, 2, 2, 2]);
        var second = tensor([0f, 1f, 0f, 1f], [1, 1, 2, 2]);

        var rollout = AttentionRollout.Of([first, second]);

        // (A + I) with rows divided by their sums: ((1/2, 1/2), (1/2, 1/2)), then ((1/2, 1/2), (0, 1)).
        rollout.AssertValues(1e-6, 0.5, 0.5, 0.5, 0.5);
        AttentionRollout.Of([second, first]).AssertValues(1e-6, 0.25, 0.75, 0.25, 0.75);
    }
}
