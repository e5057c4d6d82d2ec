// The targets of mixed rows: shares of classes in place of one class.
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

internal static class SoftTargets
{
    /// <summary>
    /// [Count, classes]: share w_i y_i + (1 - share) w_j y_j with j = Count - 1 - i, where w is a row's weight and y its smoothed target,
    /// smoothing / classes for every class and 1 - smoothing more for its own. With weights of 1 these are timm's <c>mixup_target</c>; a row of
    /// weight 0 teaches nothing, in its partner's image neither.
    /// </summary>
    internal static float[] Of(TrainingBatch batch, int classes, double smoothing)
    {
        float[] targets = new float[ArrayLength.Of(batch.Count, classes, "the targets of a batch", "Lower BatchSize; GradientAccumulation makes up for it")];
        float off = (float)(smoothing / classes), on = (float)(1 - smoothing + smoothing / classes);
        float own = (float)batch.OwnShare, other = (float)(1 - batch.OwnShare);
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

    /// <summary>The class with the larger share of each row; its own where both are a half.</summary>
    internal static long[] Dominant(TrainingBatch batch) => batch.OwnShare >= 0.5 ? batch.Classes : [.. Enumerable.Reverse(batch.Classes)];
}
