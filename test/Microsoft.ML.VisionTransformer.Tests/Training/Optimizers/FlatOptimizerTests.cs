// The optimizers by the name of their option.
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training.Optimizers;

namespace Microsoft.ML.VisionTransformer.Tests.Training.Optimizers;

[TestClass]
public sealed class FlatOptimizerTests
{
    [TestMethod]
    public void EachNameHasAnOptimizerOfItsOwn()
    {
        using var network = new VisionTransformerNetwork(TinyTraining.Architecture, seed: 1);
        using var parameters = new FlatParameters(network, new LayerDecay(TinyTraining.Architecture.Depth, 1, 1));
        var types = Enum.GetValues<TrainingOptimizer>().Select(kind =>
        {
            using var optimizer = FlatOptimizer.Create(kind, parameters, weightDecay: 0.1, momentum: 0.9, beta2: 0.99, nesterov: false);
            return optimizer.GetType();
        });

        Assert.HasCount(Enum.GetValues<TrainingOptimizer>().Length, types.Distinct());
        Assert.Throws<ArgumentOutOfRangeException>(() => FlatOptimizer.Create((TrainingOptimizer)99, parameters, 0, 0.9, 0.99, nesterov: false));
    }
}
