// The choices that the trainer's options offer by name.
using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.VisionTransformer;

/// <summary>What <c>Fit</c> does when it is told to stop.</summary>
public enum CancellationHandling
{
    /// <summary>Throws an <see cref="OperationCanceledException"/>.</summary>
    Throw,

    /// <summary>Returns the best model so far. A run that has not finished its first step has none and throws.</summary>
    ReturnBest,
}

/// <summary>How much the rows of a class weigh in the training loss, beside their own weights.</summary>
public enum ClassWeighting
{
    /// <summary>All rows the same.</summary>
    None,

    /// <summary>Rows / (classes x rows of the class): every class has the same weight in all, and the mean weight of a row is 1.</summary>
    Balanced,
}

/// <summary>What a training does in a process that an MPI launcher (<c>mpirun -n 4 program</c>) started beside others.</summary>
public enum DistributedTraining
{
    /// <summary>All processes train one model together, each on its share of every batch; a process started by hand trains alone.</summary>
    Auto,

    /// <summary>Each process trains a model of its own, and tells the others nothing.</summary>
    Off,
}

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

/// <summary>The optimiser of a training run.</summary>
public enum TrainingOptimizer
{
    /// <summary>Adam with decoupled weight decay (arXiv:1711.05101), what Vision Transformers are usually trained with.</summary>
    AdamW,

    /// <summary>Stochastic gradient descent with momentum, as the fine-tuning of arXiv:2010.11929 (appendix B.1.1).</summary>
    Sgd,
}

/// <summary>The numbers of the forward and the backward pass. Weights, optimiser, loss and validation have 32 bits in either case.</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The number types are what is chosen.")]
public enum TrainingPrecision
{
    /// <summary>32-bit floats.</summary>
    Float32,

    /// <summary>
    /// 16-bit brain floats: faster where the device multiplies them in hardware (processors with AMX: three quarters of a ViT-Ti's time and four fifths of its memory; NVIDIA from Ampere
    /// on), slower elsewhere.
    /// </summary>
    BFloat16,
}

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
