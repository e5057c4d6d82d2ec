// The learning rate over the steps of a run.
namespace Microsoft.ML.VisionTransformer.Trainers;

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
