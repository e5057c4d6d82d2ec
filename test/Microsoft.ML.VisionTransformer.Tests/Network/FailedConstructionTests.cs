// A constructor that fails frees what it has created: the caller has nothing to dispose.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Scoring.Engine;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training;
using Microsoft.ML.VisionTransformer.Training.TrainerOptions;
using Microsoft.ML.VisionTransformer.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Network;

[TestClass]
public sealed class FailedConstructionTests
{
    /// <summary>Widths for which the blocks run in vectorized code.</summary>
    private static readonly VisionTransformerArchitecture _architecture = TinyTraining.Architecture with { EmbeddingDimension = 48, Heads = 3, Classes = 3 };

    [TestMethod]
    public void ACopyOfANetwork() => AssertNothingStays(network => network.CopyTo(CPU), parameters: 1);

    /// <summary>Packing the weights ends at one that is missing.</summary>
    [TestMethod]
    public void ANetworkToScoreWith() => LiveTensors.AssertSameAfter(() =>
    {
        var weights = new NetworkWeights(_architecture);
        weights.Free($"blocks.{_architecture.Depth - 1}.mlp.fc2.weight");
        Assert.ThrowsExactly<KeyNotFoundException>(() => new ScoringNetwork(weights, ComputeDevice.Cpu));
    });

    [TestMethod]
    public void ATrainingStepWithAReplica() => AssertNothingStays(
        network =>
        {
            var options = TinyTraining.Options();
            options.Arch = _architecture;
            options.Precision = TrainingPrecision.BFloat16;
            var plan = options.ToPlan(seed: 1, new TrainingDataSummary(8, ["a", "b", "c"], 1));
            return new TrainingStep(plan, network, CPU, stepsPerEpoch: 1);
        },
        parameters: 1);

    /// <summary>Creates an object from a network whose last block lacks a weight, which fails midway.</summary>
    /// <param name="make">Creates the object.</param>
    /// <param name="parameters">Number of the network's parameters that are copied on the way.</param>
    private static void AssertNothingStays(Func<VisionTransformerNetwork, object> make, int parameters = 0)
    {
        int count = _architecture.Parameters().Count();
        LiveTensors.AssertSameAfter(
            () =>
            {
                using var network = new VisionTransformerNetwork(_architecture);
                network.state_dict()[$"blocks.{_architecture.Depth - 1}.mlp.fc2.weight"].Dispose();
                Assert.Throws<Exception>(() => make(network));
            },
            parametersCreated: count * (1 + parameters));
    }
}
