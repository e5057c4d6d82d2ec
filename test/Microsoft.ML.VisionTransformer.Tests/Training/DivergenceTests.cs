// Diverging training throws an error that names LearningRate and what to do, whichever update breaks the weights.
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Tests.Support;
using Microsoft.ML.VisionTransformer.Training.Data;
using Microsoft.ML.VisionTransformer.Training.LinearProbe;
using Microsoft.ML.VisionTransformer.Training.Logging;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Training;

[TestClass]
public sealed class DivergenceTests
{
    /// <summary>12 rows in one batch: one update an epoch, and its loss is that before it.</summary>
    [TestMethod]
    [DataRow(TrainingOptimizer.Sgd, 1e25f, 0f, 0f)]
    [DataRow(TrainingOptimizer.Sgd, 3e38f, 0f, 0f)]
    [DataRow(TrainingOptimizer.Sgd, 1e6f, 0f, 0f)]
    [DataRow(TrainingOptimizer.Sgd, 1e25f, 0.9f, 0f)]
    [DataRow(TrainingOptimizer.Sgd, 1e25f, 0f, 0.25f)]
    [DataRow(TrainingOptimizer.AdamW, 1e18f, 0f, 0f)]
    [DataRow(TrainingOptimizer.AdamW, 3e38f, 0f, 0f)]
    [DataRow(TrainingOptimizer.AdamW, 1e18f, 0.999f, 0f)]
    [DataRow(TrainingOptimizer.AdamW, 1e18f, 0f, 0.25f)]
    [DataRow(TrainingOptimizer.AdamW, 1e18f, 0.5f, 0.25f)]
    public void TheLastUpdateBreaksTheNetwork_IsAnError(TrainingOptimizer optimizer, float rate, float emaDecay, float validation)
    {
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Train(options =>
        {
            (options.Optimizer, options.LearningRate, options.EmaDecay, options.EmaWarmup) = (optimizer, rate, emaDecay, false);
            (options.ValidationSetFraction, options.WarmupEpochs, options.MinimumLearningRate) = (validation, 0, 1e-6f);
        }));

        Assert.Contains("training diverged", error.Message);
        Assert.Contains("Lower LearningRate", error.Message);
    }

    [TestMethod]
    [DataRow(TrainingPrecision.Float32)]
    [DataRow(TrainingPrecision.BFloat16)]
    public void AnEarlierUpdateBreaksTheNetwork_IsAnError(TrainingPrecision precision)
    {
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Train(options =>
            (options.Precision, options.Epoch, options.LearningRate, options.WarmupEpochs) = (precision, 3, 1e25f, 0)));

        Assert.Contains("training diverged", error.Message);
        Assert.Contains("Lower LearningRate", error.Message);
    }

    [TestMethod]
    public void ARunThatIsCancelledBehindABrokenUpdate_IsAnError()
    {
        using var stop = new CancellationTokenSource();

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Train(options =>
        {
            (options.LearningRate, options.WarmupEpochs, options.Epoch, options.Optimizer) = (1e18f, 0, 2, TrainingOptimizer.AdamW);
            (options.OnCancellation, options.CancellationToken) = (CancellationHandling.ReturnBest, stop.Token);
            options.MetricsCallback = _ => stop.Cancel();
        }));

        Assert.Contains("Lower LearningRate", error.Message);
    }

    [TestMethod]
    public void FeaturesThatAreNotFinite_AreAnErrorOfTheProbe()
    {
        var plan = TinyTraining.Options().ToPlan(seed: 1) with { Architecture = TinyTraining.Architecture with { Classes = 3 }, Pretrained = "flowers.safetensors" };
        using var network = new VisionTransformerNetwork(plan.Architecture, seed: 1);
        network.Set("patch_embed.proj.bias", [.. Enumerable.Repeat(3e38f, 24)]);
        TrainingRow[] rows = [.. ColoredSamples.Make(1).Select((s, i) => new TrainingRow(new EncodedImageSource(s.Image, "sample"), i, 1))];
        using var report = new TrainingLog(((Runtime.IHostEnvironment)new MLContext()).Register("test"), null);

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => new FeaturePass(plan, network, CPU, () => { }).Over(rows, report));

        Assert.Contains("flowers.safetensors", error.Message);
        Assert.Contains("not finite", error.Message);
    }

    [TestMethod]
    [DataRow(double.NaN)]
    [DataRow(1e39)]
    public void AHeadBeyond32BitFloats_IsAnErrorOfTheProbe(double weight)
    {
        using var network = new VisionTransformerNetwork(TinyTraining.Architecture with { Classes = 3 }, seed: 1);
        double[] head = new double[3 * 25];
        head[7] = weight;

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => ProbedHead.Set(network, head));

        Assert.Contains("ProbePenalty", error.Message);
    }

    private static void Train(Action<VisionTransformerTrainer.Options> change)
    {
        var context = new MLContext(seed: 1);
        var options = TinyTraining.Options();
        (options.Device, options.BatchSize, options.ValidationSetFraction) = ("cpu", 12, null);
        change(options);
        using var model = TinyTraining.Train(context, TinyTraining.Data(context, perClass: 4), options);
    }
}
