// The cost of training in a pipeline relative to a bare loop of the same network.
using System.Diagnostics;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static class Training
{
    /// <summary>One epoch of <c>Fit</c>, as reported by the trainer: from the first decoded image to the last step.</summary>
    internal static double Library(Workload workload)
    {
        double imagesPerSecond = 0;
        var trainer = workload.Context.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
        {
            FeatureColumnName = nameof(Photo.Image),
            Arch = Workload.Architecture,
            Epoch = 1,
            BatchSize = Workload.BatchSize,
            ValidationSetFraction = null,
            MetricsCallback = m => imagesPerSecond = m.Phase == TrainingPhase.Epoch ? m.ImagesPerSecond : 0,
            Device = "cpu",
        });
        trainer.Fit(workload.Data).Dispose();
        return imagesPerSecond;
    }

    /// <summary>The same number of steps with TorchSharp's own optimizer, on one prepared batch.</summary>
    internal static double Bare(Workload workload)
    {
        using var network = new VisionTransformerNetwork(Workload.Architecture with { Classes = workload.Classes });
        using var optimizer = torch.optim.AdamW(network.parameters(), lr: 5e-4, weight_decay: 0.05);
        network.train();
        var clock = Stopwatch.StartNew();
        for (int image = 0; image < workload.Count; image += Workload.BatchSize)
        {
            using var scope = torch.NewDisposeScope();
            var loss = torch.nn.functional.cross_entropy(network.forward(workload.Inputs), workload.Targets, label_smoothing: 0.1);
            optimizer.zero_grad();
            loss.backward();
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1);
            optimizer.step();
            loss.item<float>();
        }

        return workload.Count / clock.Elapsed.TotalSeconds;
    }
}
