// The enums of the trainer's options.
using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.VisionTransformer;

/// <summary>What <c>Fit</c> does when it is canceled.</summary>
public enum CancellationHandling
{
    /// <summary>Throws an <see cref="OperationCanceledException"/>.</summary>
    Throw,

    /// <summary>Returns the best model so far. A run that has not completed its first step has no model and throws.</summary>
    ReturnBest,
}

/// <summary>How much the rows of a class weigh in the training loss, in addition to their own weights.</summary>
public enum ClassWeighting
{
    /// <summary>All classes equally.</summary>
    None,

    /// <summary>Rows / (classes x rows of the class): every class has the same total weight, and the mean weight of a row is 1.</summary>
    Balanced,
}

/// <summary>How processes that an MPI launcher (<c>mpirun -n 4 program</c>) started together train.</summary>
public enum DistributedTraining
{
    /// <summary>All processes train one model together, each on its shard of every batch; a process started without a launcher trains alone.</summary>
    Auto,

    /// <summary>Each process trains its own model, without communication.</summary>
    Off,
}

/// <summary>
/// How the learning rate depends on the number of processes. N processes with batches of B make the same updates as one process with batches of N B,
/// and a larger batch may allow a larger rate.
/// </summary>
public enum LearningRateScaling
{
    /// <summary>The rate as set, which is then the rate for the combined batch of all processes.</summary>
    None,

    /// <summary>The rate times the number of processes (Goyal et al., arXiv:1706.02677, section 2.1; meant for SGD with a warm-up).</summary>
    Linear,

    /// <summary>
    /// The rate times the square root of the number of processes (Krizhevsky, arXiv:1404.5997, section 5; for AdamW: Malladi et al.,
    /// arXiv:2205.10287).
    /// </summary>
    Root,
}

/// <summary>Log files of a run, in its workspace.</summary>
[Flags]
public enum TrainingLogs
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary><c>metrics.csv</c>: one line per epoch.</summary>
    Csv = 1,

    /// <summary>A TensorBoard event file: loss, accuracy and learning rate of steps and epochs.</summary>
    TensorBoard = 2,
}

/// <summary>The optimizer of a training run.</summary>
public enum TrainingOptimizer
{
    /// <summary>Adam with decoupled weight decay (arXiv:1711.05101), the usual choice for Vision Transformers.</summary>
    AdamW,

    /// <summary>Stochastic gradient descent with momentum, as used for fine-tuning in arXiv:2010.11929 (appendix B.1.1).</summary>
    Sgd,
}

/// <summary>The data type of the forward and backward passes. Weights, optimizer, loss and validation use float32 in either case.</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The members are data types.")]
public enum TrainingPrecision
{
    /// <summary>32-bit floating point (float32).</summary>
    Float32,

    /// <summary>
    /// 16-bit brain floating point (bfloat16): faster on devices that multiply it in hardware (processors with AMX: three quarters of a ViT-Ti's time
    /// and four fifths of its memory; NVIDIA GPUs from Ampere on), slower elsewhere.
    /// </summary>
    BFloat16,
}

/// <summary>The learning rate schedule after the warm-up.</summary>
public enum TrainingSchedule
{
    /// <summary>Cosine decay (arXiv:1608.03983) to the minimum.</summary>
    Cosine,

    /// <summary>Linear decay to the minimum.</summary>
    Linear,

    /// <summary>The same rate for all steps.</summary>
    Constant,
}

/// <summary>How a model is trained.</summary>
public enum TrainingStrategy
{
    /// <summary>All weights start random and all are trained.</summary>
    FromScratch,

    /// <summary>All weights of a pretrained model are trained further, the early layers at lower learning rates than the late ones.</summary>
    FineTune,

    /// <summary>Only a new head is trained, to convergence, on features computed once by a pretrained model.</summary>
    LinearProbe,
}
