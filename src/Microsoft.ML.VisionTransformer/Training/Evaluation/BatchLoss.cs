// The loss of a batch: cross-entropy with label smoothing, and the soft targets of mixed rows.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Evaluation;
using Microsoft.ML.VisionTransformer.Training.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.Evaluation;

/// <summary>Cross-entropy of a batch: the weighted sum over its rows.</summary>
/// <param name="Sum">The sum, to differentiate.</param>
/// <param name="Metrics">Loss and correct predictions.</param>
internal sealed record BatchLoss(Tensor Sum, RunningMean Metrics)
{
    /// <summary>The loss of logits [Count, classes]; tensors belong to the scope.</summary>
    /// <param name="logits">float32.</param>
    /// <param name="batch">The rows. Where they are mixed, the correct class is the one with the larger fraction.</param>
    /// <param name="smoothing">Fraction of each target that is spread over all classes.</param>
    internal static BatchLoss Of(Tensor logits, TrainingBatch batch, double smoothing)
    {
        bool mixed = batch.OwnFraction < 1;
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

internal static class SoftTargets
{
    /// <summary>
    /// [Count, classes]: f w_i y_i + (1 - f) w_j y_j with f = OwnFraction and j = Count - 1 - i, where w is a row's weight and y its smoothed target,
    /// smoothing / classes for every class plus 1 - smoothing for its own. With weights of 1 these are timm's <c>mixup_target</c>; a row of
    /// weight 0 contributes nothing, including to its partner's image.
    /// </summary>
    internal static float[] Of(TrainingBatch batch, int classes, double smoothing)
    {
        float[] targets = new float[ArrayLength.Of(batch.Count, classes, "the targets of a batch", "Lower BatchSize and raise GradientAccumulation to compensate")];
        float off = (float)(smoothing / classes), on = (float)(1 - smoothing + smoothing / classes);
        float own = (float)batch.OwnFraction, other = (float)(1 - batch.OwnFraction);
        for (int i = 0; i < batch.Count; i++)
        {
            int partner = batch.Count - 1 - i;
            for (int c = 0; c < classes; c++)
            {
                float first = (c == batch.Classes[i] ? on : off) * own, second = (c == batch.Classes[partner] ? on : off) * other;
                targets[i * classes + c] = first * batch.Weights[i] + second * batch.Weights[partner];
            }
        }

        return targets;
    }

    /// <summary>Soft-target cross-entropy, summed over rows: -sum target log softmax(logits), both [N, classes].</summary>
    internal static Tensor CrossEntropy(Tensor logits, Tensor targets) => nn.functional.log_softmax(logits, 1).mul(targets).sum().neg();

    /// <summary>The class with the larger fraction of each row; its own class where both are a half.</summary>
    internal static long[] Dominant(TrainingBatch batch) => batch.OwnFraction >= 0.5 ? batch.Classes : [.. Enumerable.Reverse(batch.Classes)];
}
