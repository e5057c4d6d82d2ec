// The learning rate schedule over the steps of a run, and its layer-wise decay.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Training.Optimizers;

/// <summary>
/// Linear warm-up, then a curve per update, with timm's rules: the curve counts from step 0, so the rate after a long warm-up is below the base rate; the first
/// step uses the first rate of the warm-up.
/// </summary>
/// <param name="Base">Peak rate.</param>
/// <param name="Minimum">Rate at the end.</param>
/// <param name="WarmupStart">Rate of the first step, if there is a warm-up and the base rate is higher.</param>
/// <param name="WarmupSteps">Number of steps of the warm-up.</param>
/// <param name="Steps">Number of steps of the run.</param>
/// <param name="Curve">The schedule after the warm-up.</param>
internal sealed record LearningRateSchedule(double Base, double Minimum, double WarmupStart, long WarmupSteps, long Steps, TrainingSchedule Curve = TrainingSchedule.Cosine)
{
    /// <summary>The first warm-up rate of timm and DeiT.</summary>
    internal const double DefaultWarmupStart = 1e-6;

    /// <summary>The rate of a step, counted from 0.</summary>
    internal double RateAt(long step)
    {
        if (step < WarmupSteps)
        {
            double start = Math.Min(WarmupStart, Base);
            return start + step * (Base - start) / WarmupSteps;
        }

        double done = Math.Min(1, (double)step / Steps);
        return Curve switch
        {
            TrainingSchedule.Cosine => Minimum + 0.5 * (Base - Minimum) * (1 + Math.Cos(Math.PI * done)),
            TrainingSchedule.Linear => Base + done * (Minimum - Base),
            _ => Base,
        };
    }
}

/// <summary>
/// Layer-wise learning rate decay (BEiT, arXiv:2106.08254, appendix) with timm's layer numbers: embeddings are layer 0, block i is layer i + 1, the
/// final norm and the norm before the blocks have the last block's number, and everything after pooling the next. The rate of layer l of L is scaled
/// by decay^(L - l).
/// </summary>
/// <param name="Depth">Number of blocks.</param>
/// <param name="Decay">In (0, 1]; 1 for no decay.</param>
/// <param name="HeadFactor">Additional factor for the heads.</param>
internal sealed record LayerDecay(int Depth, double Decay, double HeadFactor)
{
    /// <summary>Prefix of the parameter names of the blocks.</summary>
    internal const string Block = "blocks.";

    /// <summary>The same rate for all layers.</summary>
    internal static LayerDecay Even { get; } = new(1, 1, 1);

    /// <summary>The factor of a parameter's learning rate.</summary>
    internal double ScaleOf(string name)
    {
        bool head = name.StartsWith("head.", StringComparison.Ordinal) || name.StartsWith("head_dist.", StringComparison.Ordinal);
        return Math.Pow(Decay, Depth + 1 - LayerOf(name)) * (head ? HeadFactor : 1);
    }

    /// <summary>
    /// The layer whose backward pass makes the gradient of a parameter final: its own, except that the norm before the blocks runs with the
    /// embeddings.
    /// </summary>
    internal int FinishedWith(string name) => name.StartsWith("norm_pre.", StringComparison.Ordinal) ? 0 : LayerOf(name);

    /// <summary>The layer of a parameter, from 0 to the number of blocks + 1.</summary>
    internal int LayerOf(string name)
    {
        if (name.StartsWith(Block, StringComparison.Ordinal))
            return int.Parse(name.AsSpan(Block.Length, name.IndexOf('.', Block.Length) - Block.Length), CultureInfo.InvariantCulture) + 1;
        return name.Split('.')[0] switch
        {
            "cls_token" or "dist_token" or "reg_token" or "pos_embed" or "patch_embed" => 0,
            "norm" or "norm_pre" => Depth,
            _ => Depth + 1,
        };
    }
}
