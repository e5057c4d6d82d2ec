// The trainer's options. OptionChecks validates them; TrainingPlanBuilder builds a plan from them.
using System.ComponentModel;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Training.TrainerOptions;

namespace Microsoft.ML.VisionTransformer;

public sealed partial class VisionTransformerTrainer
{
    /// <summary>Options of the trainer. Names match ML.NET's <c>ImageClassificationTrainer.Options</c> where the meaning is the same.</summary>
    public sealed class Options
    {
        /// <summary>The label: a key column. Default "Label".</summary>
        public string LabelColumnName = ColumnNames.DefaultLabel;

        /// <summary>The images: encoded bytes, <c>MLImage</c>, paths, or pixels from <c>ExtractPixels</c>. Default "Features".</summary>
        public string FeatureColumnName = ColumnNames.DefaultFeatures;

        /// <summary>Weight of each row in the loss: a Single column with values of at least 0. Default null: all weights are 1.</summary>
        public string? ExampleWeightColumnName;

        /// <summary>The output column of probabilities; must differ from the other column names. Default "Score".</summary>
        public string ScoreColumnName = ColumnNames.DefaultScore;

        /// <summary>The output column of the most probable class; must differ from the other column names. Default "PredictedLabel".</summary>
        public string PredictedLabelColumnName = ColumnNames.DefaultPredictedLabel;

        /// <summary>
        /// The network. Its <see cref="VisionTransformerArchitecture.Classes"/> is replaced by the number of classes of the label. Default null: that of
        /// <see cref="PretrainedModel"/>, otherwise <c>vit_tiny_patch16_224</c>. With a pretrained model, image size and channels may differ from the
        /// model's; everything else must match.
        /// </summary>
        public VisionTransformerArchitecture? Arch;

        /// <summary>
        /// A pretrained model to start from: a file, a folder, a short name such as "vit-tiny" (<see cref="VisionTransformerCheckpoint.ShortNames"/>), or
        /// the id of a model on a Hugging Face hub, as accepted by <see cref="VisionTransformerCheckpoint.Load"/>. Its head is kept if its classes match those of the label; otherwise a new head is
        /// initialized according to <see cref="InitializeHeadByProbe"/>. Default null: none.
        /// </summary>
        public string? PretrainedModel;

        /// <summary>
        /// The training strategy. Default null: <see cref="TrainingStrategy.FromScratch"/> without a <see cref="PretrainedModel"/>; with one,
        /// <see cref="TrainingStrategy.LinearProbe"/> for fewer than 10 training images per class, otherwise <see cref="TrainingStrategy.FineTune"/>.
        /// An option that only one of them uses, such as <see cref="EmaDecay"/> or <see cref="ProbePenalty"/>, selects that one. The log reports the
        /// choice. Other defaults below depend on it. Training from scratch on fewer than 10,000 images logs a warning, unless it is set here.
        /// </summary>
        public TrainingStrategy? Strategy;

        /// <summary>
        /// The seed of all random streams of a run: initial weights, validation split, order, augmentation. Default null: a number that the
        /// <c>MLContext</c> draws, which depends on its own seed and on what was created from it before. Set it to
        /// <see cref="TrainingHistory.Seed"/> to train a model again.
        /// </summary>
        public int? Seed;

        /// <summary>Passes over the training rows, at least 1. Default null: 50 from scratch, 8 for fine-tuning; for a linear probe at most 100
        /// steps of the optimizer over features, whose cost is negligible.</summary>
        public int? Epoch;

        /// <summary>Rows per batch, at least 1. Default null: 32 from scratch, 16 for fine-tuning.</summary>
        public int? BatchSize;

        /// <summary>
        /// Whether processes that an MPI launcher started together (<c>mpirun -n 4 program</c>) train one model. If so, <see cref="BatchSize"/>
        /// applies to each process, every process ends with the same model, and only rank 0 writes files and the log and calls
        /// <see cref="MetricsCallback"/>. All of them call <c>Fit</c> with the same options and data. Default: yes; a process started without a
        /// launcher trains alone, and no MPI library is loaded.
        /// </summary>
        public DistributedTraining Distributed = DistributedTraining.Auto;

        /// <summary>
        /// Number of batches whose gradients are accumulated for one update of the weights, at least 1: a large batch in less memory. Default 1.
        /// </summary>
        public int GradientAccumulation = 1;

        /// <summary>The optimizer. Default AdamW.</summary>
        public TrainingOptimizer Optimizer = TrainingOptimizer.AdamW;

        /// <summary>SGD's momentum, AdamW's beta1, in [0, 1). Default 0.9.</summary>
        public float Momentum = 0.9f;

        /// <summary>AdamW's beta2, in [0, 1). Default 0.999.</summary>
        public float Beta2 = 0.999f;

        /// <summary>Whether SGD uses Nesterov momentum. Default true, as in timm's <c>sgd</c>.</summary>
        public bool Nesterov = true;

        /// <summary>
        /// Learning rate after the warm-up, above 0. It then decays to <see cref="MinimumLearningRate"/> according to <see cref="LearningRateSchedule"/>.
        /// Default null: 5e-4 from scratch (DeiT, arXiv:2012.12877), 1e-4 for fine-tuning.
        /// </summary>
        public float? LearningRate;

        /// <summary>The decay of the learning rate. Default cosine decay (arXiv:1608.03983).</summary>
        public TrainingSchedule LearningRateSchedule = TrainingSchedule.Cosine;

        /// <summary>
        /// Learning rate at the end of training, at least 0 and at most <see cref="LearningRate"/>. Default null: 1e-5 from scratch (DeiT), 1e-6 for
        /// fine-tuning (BEiT, arXiv:2106.08254), or the learning rate if that is lower.
        /// </summary>
        public float? MinimumLearningRate;

        /// <summary>
        /// How <see cref="LearningRate"/> is scaled with the number of processes; <see cref="MinimumLearningRate"/> is not scaled. Default: no
        /// scaling; N processes with batches of B then train like one process with batches of N B at the same rate. Has no effect in a process that
        /// trains alone.
        /// </summary>
        public LearningRateScaling DistributedLearningRate = LearningRateScaling.None;

        /// <summary>
        /// Epochs in which the learning rate rises from 1e-6, at least 0. Default null: a tenth of the epochs, at most 5; for fine-tuning 1, or half
        /// of the epochs if there are fewer than 2.
        /// </summary>
        public float? WarmupEpochs;

        /// <summary>
        /// AdamW's weight decay (arXiv:1711.05101) of matrices, at least 0; biases, norms, class token and position embedding are not decayed.
        /// Default 0.05 (DeiT).
        /// </summary>
        public float WeightDecay = 0.05f;

        /// <summary>
        /// Layer-wise decay of the learning rate, in (0, 1]: the rate of block i of L is multiplied by this value to the power L - i; the power is
        /// one higher for the embeddings, and 0 for the head (BEiT, arXiv:2106.08254, appendix). Default null: 0.75 for fine-tuning, 1 from scratch.
        /// </summary>
        public float? LayerDecay;

        /// <summary>
        /// The learning rate of the head, as a multiple of that of the other layers, above 0. Default null: 10 for a new head on a pretrained model,
        /// otherwise 1.
        /// </summary>
        public float? HeadLearningRateFactor;

        /// <summary>
        /// Fine-tuning: whether a new head is initialized by a linear probe of the training rows. This costs one pass over them and keeps an
        /// untrained head from distorting the pretrained features (arXiv:2202.10054). False initializes the head to zero. Default true.
        /// </summary>
        public bool InitializeHeadByProbe = true;

        /// <summary>
        /// Number of first blocks that are not trained, together with the embeddings before them; at least 0 and at most the network's depth. Default
        /// 0: everything is trained.
        /// </summary>
        public int FrozenBlocks;

        /// <summary>
        /// Decay of an exponential moving average (EMA) of the weights (timm's <c>--model-ema</c>), in [0, 1). Both the average and the weights are
        /// validated, and the model gets the better of the two; without validation rows it gets the average. Default null: none.
        /// </summary>
        public float? EmaDecay;

        /// <summary>
        /// Whether the decay of the moving average starts low, which keeps the initial weights from dominating the average of a short run. Default
        /// true.
        /// </summary>
        public bool EmaWarmup = true;

        /// <summary>The data type of the forward and backward passes. Default float32.</summary>
        public TrainingPrecision Precision = TrainingPrecision.Float32;

        /// <summary>Whether rare classes weigh more in the training loss. Default no.</summary>
        public ClassWeighting ClassWeighting = ClassWeighting.None;

        /// <summary>
        /// Weight of each class in the training loss, multiplied by the weight of the row: a value of at least 0 for the name of every class of the
        /// label. Default null: according to <see cref="ClassWeighting"/>.
        /// </summary>
        public IReadOnlyDictionary<string, float>? ClassWeights;

        /// <summary>
        /// Stochastic depth in training (arXiv:1603.09382): the probability that the last block is skipped for an image, in [0, 1). Default null: 0.1
        /// for fine-tuning if <see cref="Arch"/> is null, otherwise the value in <see cref="Arch"/>.
        /// </summary>
        public float? DropPathRate;

        /// <summary>
        /// Linear probe: lambda of the penalty, lambda / 2 times the sum of the squared weights of the head, added to the mean cross-entropy; at
        /// least 0. Default null: chosen by five-fold cross-validation on the features.
        /// </summary>
        public float? ProbePenalty;

        /// <summary>
        /// Whether to also measure how the accuracy of the linear probe grows with the number of training images:
        /// <see cref="TrainingHistory.LearningCurve"/>. It shows whether more images would help. The features are computed once in any case, so it costs
        /// seconds. For linear probes, and for fine-tuning whose head is initialized by one (<see cref="InitializeHeadByProbe"/>). Default false.
        /// </summary>
        public bool LearningCurve;

        /// <summary>Fraction of each target that is spread over all classes (arXiv:1512.00567, section 7), in [0, 1). Default 0.1.</summary>
        public float LabelSmoothing = 0.1f;

        /// <summary>Maximum L2 norm of the gradient, which is scaled down if it is larger; 0 turns clipping off. Default 1.</summary>
        public float ClipGradientNorm = 1;

        /// <summary>
        /// Smallest fraction of an image's area that a random crop keeps in training, in (0, 1]; the largest is 1. Default null: 0.08 from scratch
        /// (timm), 0.5 for fine-tuning.
        /// </summary>
        public float? RandomCropMinimumArea;

        /// <summary>Whether training flips images horizontally, each with probability 1/2. Default true.</summary>
        public bool HorizontalFlip = true;

        /// <summary>
        /// Data augmentation: crop, flip, policies, jitter, erasing, mixup and cutmix. Default null: <see cref="DefaultAugmentation"/> of the
        /// strategy, with <see cref="RandomCropMinimumArea"/> and <see cref="HorizontalFlip"/>. If it is set, leave those two at their defaults or
        /// set them to the same values.
        /// </summary>
        public TrainingAugmentations? Augmentation;

        /// <summary>
        /// How images become the network's input. Default null: that of <see cref="PretrainedModel"/>, otherwise the preprocessing that the
        /// architecture's public weights were trained with.
        /// </summary>
        public ImagePreprocessing? Preprocessing;

        /// <summary>
        /// Handling of a training or validation row whose image cannot be read: <see cref="InvalidImageHandling.Throw"/>, the default, or
        /// <see cref="InvalidImageHandling.Skip"/>, which decodes every image once before training to find them.
        /// </summary>
        public InvalidImageHandling OnInvalidImage;

        /// <summary>
        /// Handling, in prediction, of a row whose image cannot be read: <see cref="InvalidImageHandling.Throw"/>, the default, or
        /// <see cref="InvalidImageHandling.Missing"/>. Stored with the model.
        /// </summary>
        public InvalidImageHandling OnInvalidImageInPrediction;

        /// <summary>
        /// Validation rows, with the same columns and label keys as the training rows. Default null: <see cref="ValidationSetFraction"/> applies.
        /// </summary>
        public IDataView? ValidationSet;

        /// <summary>
        /// Fraction of the training rows of each class that is used for validation if there is no <see cref="ValidationSet"/>, in [0, 1). Default
        /// 0.1; null and 0 keep none. Fine-tuning with the default also keeps none if there would be fewer than 50 and neither
        /// <see cref="EarlyStoppingCriteria"/> nor <see cref="Calibrate"/> needs them: so few rows cannot rank epochs, and they are more useful for
        /// training. The log reports it.
        /// </summary>
        public float? ValidationSetFraction = StrategyDefaults.ValidationFraction;

        /// <summary>When to stop before the last epoch. Default null: never. Requires validation rows.</summary>
        public EarlyStopping? EarlyStoppingCriteria;

        /// <summary>
        /// Whether the model's probabilities are calibrated on the validation rows: logits are divided by the temperature (arXiv:1706.04599) that
        /// gives the lowest loss on them. Predicted classes do not change. Default false. Requires validation rows.
        /// </summary>
        public bool Calibrate;

        /// <summary>
        /// Called after each step and each epoch (see <see cref="TrainingMetrics.Phase"/>) on the training thread; an exception it throws ends the
        /// training. Default null.
        /// </summary>
        public Action<TrainingMetrics>? MetricsCallback;

        /// <summary>
        /// Bytes of images that training keeps in memory, at least 0. Images beyond the limit go to a file in <see cref="WorkspacePath"/>, or in the
        /// system's temporary folder if that is null; the file is deleted when training ends. Encoded images count with their file size, an
        /// <c>MLImage</c> with 3 bytes per pixel, a pixel vector with 4 bytes per value. Paths do not count: their files are read again each epoch.
        /// The limit does not affect the model. Default null: a quarter of the memory available to the process, at most 4 GiB.
        /// </summary>
        public long? ImageMemoryLimitBytes;

        /// <summary>
        /// A folder for the files of a run, created if missing. It holds a checkpoint, written after every epoch and every
        /// <see cref="CheckpointInterval"/>. An interrupted run, even one that was killed, resumes from it when <c>Fit</c> is called again with the
        /// same options and data, and ends with the weights of an uninterrupted run; it keeps its seed. After a finished run, <c>Fit</c> with the
        /// same options, data and seed returns its result; with different ones training starts over, and a warning in the log lists the differences.
        /// Images are compared by content, so files are read once more before the first epoch. Only one training at a time may use a folder. Images
        /// beyond <see cref="ImageMemoryLimitBytes"/> are stored there too during training. Default null: no checkpoint.
        /// </summary>
        public string? WorkspacePath;

        /// <summary>Interval of checkpoints within an epoch, at least zero; zero writes them only after epochs. Default 10 minutes.</summary>
        public TimeSpan CheckpointInterval = TimeSpan.FromMinutes(10);

        /// <summary>Log files to write to <see cref="WorkspacePath"/>, which must then be set. Default none.</summary>
        public TrainingLogs Logs;

        /// <summary>The device: "auto" (a GPU if there is one), "cpu", "cuda", "cuda:1", "mps". Default "auto".</summary>
        public string Device = "auto";

        /// <summary>Cancels the training within one batch, as <c>MLContext.CancelExecution</c> does. Default none.</summary>
        public CancellationToken CancellationToken;

        /// <summary>What <c>Fit</c> does when it is canceled. Default: it throws an <see cref="OperationCanceledException"/>.</summary>
        public CancellationHandling OnCancellation;

        /// <summary>
        /// Has no effect. An option of <c>ImageClassification</c>: loss and accuracy of the training rows are always reported with each step at no
        /// cost.
        /// </summary>
        [Obsolete("Has no effect: loss and accuracy of the training rows are always reported with each step. Delete this line.")]
        [EditorBrowsable(EditorBrowsableState.Never)]
        public bool TestOnTrainSet = true;

        /// <summary>Has no effect. An option of <c>ImageClassification</c>: a linear probe computes its features once and keeps them in memory.</summary>
        [Obsolete("Has no effect: a linear probe computes its features once and keeps them in memory. Delete this line.")]
        [EditorBrowsable(EditorBrowsableState.Never)]
        public bool ReuseTrainSetBottleneckCachedValues;

        /// <inheritdoc cref="ReuseTrainSetBottleneckCachedValues"/>
        [Obsolete("Has no effect: a linear probe computes its features once and keeps them in memory. Delete this line.")]
        [EditorBrowsable(EditorBrowsableState.Never)]
        public bool ReuseValidationSetBottleneckCachedValues;

        /// <summary>Has no effect. An option of <c>ImageClassification</c>: features are not written to a file.</summary>
        [Obsolete("Has no effect: features are not written to a file. Delete this line.")]
        [EditorBrowsable(EditorBrowsableState.Never)]
        public string? TrainSetBottleneckCachedValuesFileName;

        /// <inheritdoc cref="TrainSetBottleneckCachedValuesFileName"/>
        [Obsolete("Has no effect: features are not written to a file. Delete this line.")]
        [EditorBrowsable(EditorBrowsableState.Never)]
        public string? ValidationSetBottleneckCachedValuesFileName;

        /// <summary>Has no effect. An option of <c>ImageClassification</c>: the model is in memory until <c>mlContext.Model.Save</c> writes it.</summary>
        [Obsolete("Has no effect: the model is in memory until mlContext.Model.Save writes it. Delete this line.")]
        [EditorBrowsable(EditorBrowsableState.Never)]
        public string? FinalModelPrefix;
    }

    /// <summary>The metric that early stopping monitors, on the validation rows.</summary>
    public enum EarlyStoppingMetric
    {
        /// <summary>Fraction of correct predictions; higher is better.</summary>
        Accuracy,

        /// <summary>Cross-entropy; lower is better.</summary>
        Loss,
    }
}
