// The learning rate over the steps of a run, and how much of it each layer gets.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Training.Optimizers;

/// <summary>
/// Linear warm-up, then a curve per update, with timm's rules: the curve counts from step 0, so that a long warm-up ends below the base rate; the first
/// step uses the warm-up's first rate.
/// </summary>
/// <param name="Base">Rate at the top.</param>
/// <param name="Minimum">Rate at the end.</param>
/// <param name="WarmupStart">Rate of the first step, where there is a warm-up and the base rate is higher.</param>
/// <param name="WarmupSteps">Steps of the warm-up.</param>
/// <param name="Steps">Steps of the run.</param>
/// <param name="Curve">What follows the warm-up.</param>
internal sealed record LearningRateSchedule(double Base, double Minimum, double WarmupStart, long WarmupSteps, long Steps, TrainingSchedule Curve = TrainingSchedule.Cosine)
{
    /// <summary>timm's and DeiT's first rate of a warm-up.</summary>
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
/// Layer-wise decay (BEiT, arXiv:2106.08254, appendix) with timm's numbers: embeddings are layer 0, block i is layer i + 1, the final norm and the norm before the
/// blocks share the last block's layer, whatever comes behind the pool is one more. Layer l of L gets decay^(L - l).
/// </summary>
/// <param name="Depth">Number of blocks.</param>
/// <param name="Decay">In (0, 1]; 1 is none.</param>
/// <param name="HeadFactor">Further factor of the heads.</param>
internal sealed record LayerDecay(int Depth, double Decay, double HeadFactor)
{
    /// <summary>What the names of the blocks' parameters begin with.</summary>
    internal const string Block = "blocks.";

    /// <summary>The same rate for all.</summary>
    internal static LayerDecay Even { get; } = new(1, 1, 1);

    /// <summary>The factor of a parameter's learning rate.</summary>
    internal double ScaleOf(string name)
    {
        bool head = name.StartsWith("head.", StringComparison.Ordinal) || name.StartsWith("head_dist.", StringComparison.Ordinal);
        return Math.Pow(Decay, Depth + 1 - LayerOf(name)) * (head ? HeadFactor : 1);
    }

    /// <summary>The lowest layer that must be done for the gradient of a parameter to be final: its own, but the norm before the blocks is done with the embeddings.</summary>
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
