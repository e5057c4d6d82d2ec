// How the learning rate goes on after the warm-up.
namespace Microsoft.ML.VisionTransformer;

/// <summary>The learning rate from the warm-up to the last step.</summary>
public enum TrainingSchedule
{
    /// <summary>Half a cosine (arXiv:1608.03983) down to the minimum.</summary>
    Cosine,

    /// <summary>A straight line down to the minimum.</summary>
    Linear,

    /// <summary>The same for all steps.</summary>
    Constant,
}
