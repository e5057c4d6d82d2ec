// Which weights training starts from, and which it changes.
namespace Microsoft.ML.VisionTransformer;

/// <summary>How a model is trained.</summary>
public enum TrainingStrategy
{
    /// <summary>All weights start random and all are trained.</summary>
    FromScratch,

    /// <summary>All weights of a pretrained model are trained on, the early layers less than the late ones.</summary>
    FineTune,

    /// <summary>A new head alone is trained, to convergence, on features that a pretrained model gives once.</summary>
    LinearProbe,
}
