// One pass of a frozen network over some rows.
using System.Diagnostics;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>What enters the head, for rows as they are: in evaluation mode, without augmentation.</summary>
/// <param name="plan">Settings.</param>
/// <param name="network">The network, on its device; stays the caller's.</param>
/// <param name="device">The device.</param>
/// <param name="checkAlive">Throws when the run was cancelled.</param>
/// <param name="team">The processes that share the rows; null for one.</param>
internal sealed class FeaturePass(TrainingPlan plan, VisionTransformerNetwork network, Device device, Action checkAlive, TrainingTeam? team = null)
{
    /// <summary>The features of the rows; the network is in evaluation mode afterwards.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="report">Told after each batch.</param>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    /// <exception cref="InvalidImageException">An image cannot be read.</exception>
    /// <exception cref="InvalidOperationException">A feature is not finite.</exception>
    /// <exception cref="IOException">Features that do not fit into memory cannot be written to a file.</exception>
    internal FeatureMatrix Over(TrainingRow[] rows, TrainingReport report)
    {
        network.eval();
        using var mode = inference_mode();
        var clock = Stopwatch.StartNew();
        int done = 0;
        using var builder = new FeatureMatrixBuilder(plan.Architecture.FeatureDimension, plan.ImageMemoryLimit, plan.SpillFolder);
        new TeamPass(team, plan, checkAlive).Run(rows, FeaturesOf, bytes =>
        {
            builder.Add(MemoryMarshal.Cast<byte, float>(bytes));
            done += bytes.Length / (sizeof(float) * plan.Architecture.FeatureDimension);
            report.Step(Describe(done, rows.Length, clock.Elapsed));
        });
        return builder.Build([.. rows.Select(r => (long)r.Class)], [.. rows.Select(r => r.Weight)], plan.Architecture.Classes);
    }

    private byte[] FeaturesOf(TrainingBatch batch)
    {
        using var scope = NewDisposeScope();
        var features = network.ForwardHead(network.ForwardFeatures(batch.ToTensor(plan.Architecture, device)), preLogits: true).cpu();
        if (!features.isfinite().all().item<bool>())
        {
            throw new InvalidOperationException(
                $"The features of {plan.Pretrained ?? "the network"} are not finite for some images, so that no head can be trained on them: its weights do not fit these images, or are broken. "
                + "Check Preprocessing and, where the column holds pixels, their scale; or choose another PretrainedModel.");
        }

        return MemoryMarshal.AsBytes<float>(features.data<float>().ToArray()).ToArray();
    }

    private TrainingMetrics Describe(int images, int of, TimeSpan time) => new()
    {
        Phase = TrainingPhase.Features,
        Epochs = plan.Epochs,
        Step = images,
        Steps = of,
        ImagesPerSecond = images / time.TotalSeconds,
        Elapsed = time,
        TimeLeft = time * ((double)(of - images) / images),
    };
}
