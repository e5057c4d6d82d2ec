// What becomes of a checkpoint's head.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal enum HeadFit
{
    /// <summary>It is used as it is.</summary>
    Kept,

    /// <summary>Its rows are put into the order of the task's classes.</summary>
    Reordered,

    /// <summary>It is left out, and a new one starts at zero.</summary>
    New,
}
