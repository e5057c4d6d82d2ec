// The activations on known values.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Tests.Support;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Network;

[TestClass]
public sealed class ActivationsTests
{
    [TestMethod]
    [DataRow(MlpActivation.Gelu, -0.15865525, 0.84134475, 1.9544997)]
    [DataRow(MlpActivation.GeluTanh, -0.15880801, 0.84119199, 1.9545977)]
    [DataRow(MlpActivation.QuickGelu, -0.15420423, 0.84579577, 1.9356585)]
    public void AnActivationHasItsValues(MlpActivation activation, double ofMinusOne, double ofOne, double ofTwo)
    {
        using var scope = NewDisposeScope();
        activation.Apply(tensor([-1f, 1, 2])).AssertValues(1e-6, ofMinusOne, ofOne, ofTwo);
        using var inference = no_grad();
        activation.Apply(tensor([-1f, 1, 2])).AssertValues(1e-6, ofMinusOne, ofOne, ofTwo);
    }

    [TestMethod]
    public void SwiGluGatesTheSecondHalfByTheFirst()
    {
        using var scope = NewDisposeScope();
        using var mlp = new Mlp(
            new() { EmbeddingDimension = 2, MlpRatio = 0.5, Mlp = MlpKind.SwiGlu }, new NoiseSource(RandomStream.For(1)));
        // The first value is the gate, the second the gated value.
        mlp.Set("fc1.weight", 1, 0, 0, 1);
        mlp.Set("fc1.bias", 0, 0);
        mlp.Set("fc2.weight", 1, 1);
        mlp.Set("fc2.bias", 0, 0);

        // silu(1) * 3 = 3 / (1 + e^-1).
        mlp.call(tensor([1f, 3], [1, 1, 2])).AssertValues(1e-6, 2.1931757, 2.1931757);
    }
}
