// Gradient-weighted attention: computed by hand, and against finite differences of the logit.
using Microsoft.ML.VisionTransformer.Explain;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Explain;

[TestClass]
public sealed class GradientAttentionTests
{
    private static readonly VisionTransformerArchitecture _oneBlock =
        TinyNetwork.Architecture with { Depth = 1, Initialization = WeightInitialization.Original };

    [TestMethod]
    public void OnlyWhatRaisesTheLogitCounts()
    {
        using var scope = NewDisposeScope();
        var weights = tensor([0.2f, 0.8f, 0.6f, 0.4f, 1f, 0f, 0.5f, 0.5f], [1, 2, 2, 2]);
        var gradients = tensor([1f, -1f, 2f, 3f, 4f, 9f, -1f, 2f], [1, 2, 2, 2]);

        var weighed = GradientAttention.Weigh(weights, gradients);

        // Heads: ((0.2, 0), (1.2, 1.2)) and ((4, 0), (0, 1)).
        weighed.AssertValues(1e-6, 2.1, 0, 0.6, 1.1);
    }

    [TestMethod]
    public void RelevanceGoesThroughTheBlocksInOrder()
    {
        using var scope = NewDisposeScope();
        var first = tensor([0f, 2f, 0f, 0f], [1, 2, 2]);
        var second = tensor([1f, 0f, 3f, 0f], [1, 2, 2]);

        // (I + B)(I + A) with A = ((0, 2), (0, 0)) and B = ((1, 0), (3, 0)).
        GradientAttention.Propagate([first, second]).AssertValues(1e-6, 2, 4, 3, 7);
    }

    [TestMethod]
    public void GradientsAreTheSlopesOfTheLogit()
    {
        using var scope = NewDisposeScope();
        using var network = Network(_oneBlock);
        var image = TinyNetwork.Images(1);
        var (weights, gradients) = Differentiate(network, image, target: 3);
        const float Step = 1e-2f;

        // Adding m to a score changes the logit by A_ij (g_ij - sum over k of A_ik g_ik) for a small m. The mask is added to the scores of all heads.
        var byHand = weights.mul(gradients.sub(weights.mul(gradients).sum(-1, keepdim: true))).sum(1);
        float largest = byHand.abs().max().item<float>();
        for (int query = 0; query < 7; query++)
        {
            for (int key = 0; key < 7; key++)
            {
                double slope = (Logit(network, image, query, key, Step, 3) - Logit(network, image, query, key, -Step, 3)) / (2 * Step);
                Assert.AreEqual(byHand[0, query, key].item<float>(), slope, 0.02 * largest + 1e-6, $"query {query}, key {key}");
            }
        }
    }

    [TestMethod]
    public void WithOneBlockTheMapIsTheClassTokensPositiveWeightTimesGradient()
    {
        using var scope = NewDisposeScope();
        using var network = Network(_oneBlock);
        var image = TinyNetwork.Images(1);
        var (weights, gradients) = Differentiate(network, image, target: 2);
        var expected = weights.mul(gradients).relu().mean([1])[0, 0].Values().Skip(1).ToArray();

        var maps = network.Explain(image, ExplanationMethod.GradientAttention, target: 2, temperature: 1);

        for (int i = 0; i < 6; i++)
            Assert.AreEqual(expected[i], maps.Values[i], 1e-6 * expected.Max());
        Assert.IsGreaterThan(0, expected.Max());
    }

    private static VisionTransformerNetwork Network(VisionTransformerArchitecture architecture)
    {
        var network = new VisionTransformerNetwork(architecture, seed: 3);
        network.eval();
        foreach (var (_, parameter) in network.named_parameters())
        {
            using var noGradients = no_grad();
            if (parameter.dim() > 1)
                parameter.mul_(20);    // far from uniform attention, where slopes would be lost in rounding
        }

        return network;
    }

    private static (Tensor Weights, Tensor Gradients) Differentiate(VisionTransformerNetwork network, Tensor image, int target)
    {
        var trace = network.Trace(image.clone().requires_grad_());
        var gradients = autograd.grad([trace.Logits[0, target]], [trace.Blocks[0]]);
        return (trace.Blocks[0].detach(), gradients[0]);
    }

    private static double Logit(VisionTransformerNetwork network, Tensor image, int query, int key, float added, int target)
    {
        using var noGradients = no_grad();
        using var scope = NewDisposeScope();
        var mask = zeros(7, 7);
        mask[query, key] = tensor(added);
        return network.ForwardHead(network.ForwardFeatures(image, mask))[0, target].item<float>();
    }
}
