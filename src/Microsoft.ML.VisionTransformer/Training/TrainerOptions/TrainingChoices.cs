// The enums of the trainer's options.
using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.VisionTransformer;

/// <summary>What <c>Fit</c> does when it is canceled.</summary>
/// <example>
/// This example stops the training after two epochs and keeps the best model so far.
/// <code><![CDATA[
/// using Microsoft.ML;
/// using Microsoft.ML.VisionTransformer;
///
/// using var stop = new CancellationTokenSource();    // a button or Ctrl+C can call stop.Cancel() too
/// var mlContext = new MLContext(seed: 1);
/// var images = mlContext.Data.LoadImagesFromFolder("flowers");
/// var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
///     .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
///     {
///         FeatureColumnName = "ImagePath",
///         PretrainedModel = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k",
///         CancellationToken = stop.Token,
///         OnCancellation = CancellationHandling.ReturnBest,
///         MetricsCallback = m => { if (m.Phase == TrainingPhase.Epoch && m.Epoch == 2) stop.Cancel(); },
///     }));
/// using var model = pipeline.Fit(images);
/// Console.WriteLine($"Canceled: {model.LastTransformer.TrainingHistory!.Cancelled}");
/// ]]></code>
/// </example>
public enum CancellationHandling
{
    /// <summary>Throws an <see cref="OperationCanceledException"/>.</summary>
    Throw,

    /// <summary>
    /// Returns the best model so far. If the run has not completed its first step, there is no model, and it throws an
    /// <see cref="OperationCanceledException"/>.
    /// </summary>
    ReturnBest,
}

/// <summary>
/// How much the rows of each class weigh in the training loss. The weight of a class is multiplied by the weights of
/// its rows.
/// </summary>
/// <seealso cref="VisionTransformerTrainer.Options"/>
public enum ClassWeighting
{
    /// <summary>All classes weigh the same.</summary>
    None,

    /// <summary>
    /// The weight of a class is rows / (classes x rows of the class). Every class then has the same total weight, and
    /// the mean weight of a row is 1.
    /// </summary>
    Balanced,
}

/// <summary>
/// Whether the processes that an MPI launcher started (<c>mpirun -n 4 program</c>) train one model together.
/// </summary>
/// <seealso cref="DistributedRun"/>
public enum DistributedTraining
{
    /// <summary>
    /// All processes train one model together, each on its shard of every batch. A process that was started without a
    /// launcher trains alone.
    /// </summary>
    Auto,

    /// <summary>Each process trains its own model, and they do not communicate.</summary>
    Off,
}

/// <summary>
/// How the learning rate depends on the number of processes. N processes with batches of B make the same updates as one
/// process with batches of N B. A larger batch may allow a higher rate.
/// </summary>
/// <seealso cref="DistributedRun"/>
public enum LearningRateScaling
{
    /// <summary>The learning rate is used as set. It is the rate for the combined batch of all processes.</summary>
    None,

    /// <summary>
    /// The learning rate is multiplied by the number of processes (Goyal et al., arXiv:1706.02677, section 2.1). It is
    /// intended for SGD with a warm-up.
    /// </summary>
    Linear,

    /// <summary>
    /// The learning rate is multiplied by the square root of the number of processes (Krizhevsky, arXiv:1404.5997,
    /// section 5; for AdamW: Malladi et al., arXiv:2205.10287).
    /// </summary>
    Root,
}

/// <summary>The log files that a run writes to its workspace. Values can be combined.</summary>
/// <seealso cref="VisionTransformerTrainer.Options"/>
[Flags]
public enum TrainingLogs
{
    /// <summary>No log files.</summary>
    None = 0,

    /// <summary><c>metrics.csv</c>, with one line per epoch.</summary>
    Csv = 1,

    /// <summary>A TensorBoard event file with the loss, accuracy and learning rate of steps and epochs.</summary>
    TensorBoard = 2,
}

/// <summary>The optimizer of a training run.</summary>
/// <seealso cref="VisionTransformerTrainer.Options"/>
public enum TrainingOptimizer
{
    /// <summary>
    /// Adam with decoupled weight decay (arXiv:1711.05101). It is the usual choice for Vision Transformers.
    /// </summary>
    AdamW,

    /// <summary>
    /// Stochastic gradient descent with momentum, which arXiv:2010.11929 uses for fine-tuning (appendix B.1.1).
    /// </summary>
    Sgd,
}

/// <summary>
/// The number format of the forward and backward passes. Weights, optimizer, loss and validation always use float32.
/// </summary>
/// <seealso cref="VisionTransformerTrainer.Options"/>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The members are data types.")]
public enum TrainingPrecision
{
    /// <summary>float32 everywhere.</summary>
    Float32,

    /// <summary>
    /// Mixed precision with bfloat16. It is faster on devices that multiply bfloat16 in hardware, and slower elsewhere.
    /// Processors with AMX need three quarters of the time and four fifths of the memory for a ViT-Ti. NVIDIA GPUs
    /// support it from Ampere on.
    /// </summary>
    BFloat16,
}

/// <summary>The learning rate schedule after the warm-up.</summary>
/// <seealso cref="VisionTransformerTrainer.Options"/>
public enum TrainingSchedule
{
    /// <summary>Cosine decay to the minimum (arXiv:1608.03983).</summary>
    Cosine,

    /// <summary>Linear decay to the minimum.</summary>
    Linear,

    /// <summary>The same learning rate for all steps.</summary>
    Constant,
}

/// <summary>What is trained: a new head, a whole pretrained network, or a network from scratch.</summary>
/// <seealso cref="VisionTransformerTrainer"/>
public enum TrainingStrategy
{
    /// <summary>Training from scratch: all layers are trained, starting from random weights.</summary>
    FromScratch,

    /// <summary>
    /// Fine-tuning: all layers of a pretrained network are trained further. Early layers have lower learning rates than
    /// late ones.
    /// </summary>
    FineTune,

    /// <summary>
    /// A linear probe: only a new head is trained, to convergence. The pretrained network computes the features once.
    /// </summary>
    LinearProbe,
}
