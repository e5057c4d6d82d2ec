// How the learning rate follows the number of processes.
namespace Microsoft.ML.VisionTransformer;

/// <summary>N processes with a batch of B make updates as one process with a batch of N B does; a larger batch may take a larger rate.</summary>
public enum LearningRateScaling
{
    /// <summary>The rate as it was set: that of one process with the batch of all.</summary>
    None,

    /// <summary>The rate times the number of processes (Goyal et al., arXiv:1706.02677, section 2.1; meant for SGD with a warm-up).</summary>
    Linear,

    /// <summary>The rate times the root of the number of processes (Krizhevsky, arXiv:1404.5997, section 5; for AdamW: Malladi et al., arXiv:2205.10287).</summary>
    Root,
}
