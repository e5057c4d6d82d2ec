// What a batch's logits cost.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Cross-entropy of a batch, summed over its rows as they are weighted.</summary>
/// <param name="Sum">The sum, to differentiate.</param>
/// <param name="Figures">Loss and right answers.</param>
internal sealed record BatchLoss(Tensor Sum, RunningMean Figures)
{
    /// <summary>The loss of logits [Count, classes]; tensors belong to the scope.</summary>
    /// <param name="logits">32-bit numbers.</param>
    /// <param name="batch">The rows. Where they are mixed, a right answer is the class that has the larger share.</param>
    /// <param name="smoothing">Share of each target that is spread over all classes.</param>
    internal static BatchLoss Of(Tensor logits, TrainingBatch batch, double smoothing)
    {
        bool mixed = batch.OwnShare < 1;
        var classes = tensor(mixed ? SoftTargets.Dominant(batch) : batch.Classes, device: logits.device);
        var sum = mixed ? OfMixed(logits, batch, smoothing) : OfWhole(logits, batch, classes, smoothing);
        long right = logits.argmax(1).eq(classes).sum().item<long>();
        return new BatchLoss(sum, new RunningMean(sum.item<float>(), batch.Weights.Sum(w => (double)w), right, batch.Count));
    }

    private static Tensor OfWhole(Tensor logits, TrainingBatch batch, Tensor classes, double smoothing)
    {
        var each = nn.functional.cross_entropy(logits, classes, reduction: nn.Reduction.None, label_smoothing: smoothing);
        return each.mul(tensor(batch.Weights, device: logits.device)).sum();
    }

    private static Tensor OfMixed(Tensor logits, TrainingBatch batch, double smoothing)
    {
        int classes = (int)logits.size(1);
        return SoftTargets.CrossEntropy(logits, tensor(SoftTargets.Of(batch, classes, smoothing), [batch.Count, classes], device: logits.device));
    }
}
