// What part of a training its figures are of.
namespace Microsoft.ML.VisionTransformer;

/// <summary>What was completed when figures were given.</summary>
public enum TrainingPhase
{
    /// <summary>A linear probe has computed the features of some more images.</summary>
    Features,

    /// <summary>An update of the weights.</summary>
    Step,

    /// <summary>An epoch, with its validation.</summary>
    Epoch,
}
