// Which files a run writes about itself.
namespace Microsoft.ML.VisionTransformer;

/// <summary>Files about a run, in its workspace.</summary>
[Flags]
public enum TrainingLogs
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary><c>metrics.csv</c>: a line an epoch.</summary>
    Csv = 1,

    /// <summary>A TensorBoard event file: loss, accuracy and learning rate of steps and epochs.</summary>
    TensorBoard = 2,
}
