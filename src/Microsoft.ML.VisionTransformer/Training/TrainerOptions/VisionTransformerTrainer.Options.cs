// The trainer's options. OptionChecks validates them; TrainingPlanBuilder builds a plan from them.
using System.ComponentModel;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Training.TrainerOptions;

namespace Microsoft.ML.VisionTransformer;

public sealed partial class VisionTransformerTrainer
{
    /// <summary>
    /// Options of the trainer. Where the meaning is the same, the names are those of ML.NET's
    /// <c>ImageClassificationTrainer.Options</c>.
    /// </summary>
    /// <example>
    /// A small network, trained from scratch with options that are not the defaults:
    /// <code>
    /// using Microsoft.ML;
    /// using Microsoft.ML.VisionTransformer;
    ///
    /// var mlContext = new MLContext();
    /// var images = mlContext.Data.LoadImagesFromFolder("flowers");
    /// var options = new VisionTransformerTrainer.Options
    /// {
    ///     FeatureColumnName = "ImagePath",
    ///     Arch = VisionTransformerArchitecture.Parse("vit_tiny_patch16_224") with { ImageSize = 32, PatchSize = 8, Depth = 2 },
    ///     Seed = 1,
    ///     Epoch = 2,
    ///     Optimizer = TrainingOptimizer.Sgd,
    ///     LearningRate = 0.02f,
    ///     LearningRateSchedule = TrainingSchedule.Linear,
    ///     Precision = TrainingPrecision.BFloat16,
    ///     ClassWeighting = ClassWeighting.Balanced,
    ///     ValidationSetFraction = 0.2f,
    ///     WorkspacePath = "run",                                    // an interrupted run continues from here
    ///     Logs = TrainingLogs.Csv | TrainingLogs.TensorBoard,
    /// };
    /// var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
    ///     .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(options));
    /// using var model = pipeline.Fit(images);
    /// Console.WriteLine(File.ReadAllText("run/metrics.csv"));
    /// </code>
    /// </example>
    public sealed class Options
    {
        /// <summary>Name of the label column, a key. Default "Label".</summary>
        public string LabelColumnName = ColumnNames.DefaultLabel;

        /// <summary>
        /// Name of the image column: encoded bytes, <c>MLImage</c>, paths, or pixels from <c>ExtractPixels</c>. Default
        /// "Features".
        /// </summary>
        public string FeatureColumnName = ColumnNames.DefaultFeatures;

        /// <summary>
        /// Name of a Single column with the weight of each row in the loss, at least 0. Default null: all weights are
        /// 1.
        /// </summary>
        public string? ExampleWeightColumnName;

        /// <summary>
        /// Name of the output column with the class probabilities. It must differ from the other column names. Default
        /// "Score".
        /// </summary>
        public string ScoreColumnName = ColumnNames.DefaultScore;

        /// <summary>
        /// Name of the output column with the most probable class. It must differ from the other column names. Default
        /// "PredictedLabel".
        /// </summary>
        public string PredictedLabelColumnName = ColumnNames.DefaultPredictedLabel;

        /// <summary>
        /// The architecture of the network. The number of classes of the label replaces its
        /// <see cref="VisionTransformerArchitecture.Classes"/>. With a pretrained model, image size and channels may
        /// differ from the model's, and everything else must match. Default null: the architecture of
        /// <see cref="PretrainedModel"/>, otherwise <c>vit_tiny_patch16_224</c>.
        /// </summary>
        public VisionTransformerArchitecture? Arch;

        /// <summary>
        /// The pretrained model to start from. It can be a file, a folder, a short name such as "vit-tiny"
        /// (<see cref="VisionTransformerCheckpoint.ShortNames"/>), or the id of a model on a Hugging Face hub, as in
        /// <see cref="VisionTransformerCheckpoint.Load"/>. Its head is kept if its classes match those of the label.
        /// Otherwise <see cref="InitializeHeadByProbe"/> decides how a new head is initialized. Default null: no
        /// pretrained model.
        /// </summary>
        public string? PretrainedModel;

        /// <summary>
        /// The training strategy. Default null: the trainer chooses one. Without a <see cref="PretrainedModel"/> it
        /// trains from scratch. With one, it trains a linear probe if there are fewer than 10 training images per
        /// class, and fine-tunes otherwise.
        /// </summary>
        /// <remarks>
        /// If you set an option that only one strategy uses, such as <see cref="EmaDecay"/> or
        /// <see cref="ProbePenalty"/>, the trainer chooses that strategy. It logs the choice. The defaults of other
        /// options depend on the strategy. Training from scratch on fewer than 10,000 images logs a warning, unless you
        /// set the strategy here.
        /// </remarks>
        public TrainingStrategy? Strategy;

        /// <summary>
        /// The number that all random choices of a run follow from: initial weights, validation rows, order, and
        /// augmentation. Default null: the <c>MLContext</c> draws a number, which depends on its own seed and on what
        /// was created from it before. To train the same model again, set it to <see cref="TrainingHistory.Seed"/>.
        /// </summary>
        public int? Seed;

        /// <summary>
        /// Number of epochs, at least 1. Default null: 50 from scratch, and 8 for fine-tuning. A linear probe takes at
        /// most 100 steps of its optimizer over the features, which takes almost no time.
        /// </summary>
        public int? Epoch;

        /// <summary>
        /// Number of rows per batch, at least 1. Default null: 32 from scratch, and 16 for fine-tuning.
        /// </summary>
        public int? BatchSize;

        /// <summary>
        /// Whether the processes that an MPI launcher started together (<c>mpirun -n 4 program</c>) train one model.
        /// Default <see cref="DistributedTraining.Auto"/>: they do. A process that was started without a launcher
        /// trains alone, and no MPI library is loaded.
        /// </summary>
        /// <remarks>
        /// All processes of the group call <c>Fit</c> with the same options and data, and every process ends with the
        /// same model. <see cref="BatchSize"/> is the batch size of each process. Only rank 0 writes files and the log,
        /// and only rank 0 calls <see cref="MetricsCallback"/>.
        /// </remarks>
        public DistributedTraining Distributed = DistributedTraining.Auto;

        /// <summary>
        /// Number of batches per update of the weights, at least 1. Their gradients are accumulated, so you get the
        /// effect of a large batch with less memory. Default 1.
        /// </summary>
        public int GradientAccumulation = 1;

        /// <summary>The optimizer. Default <see cref="TrainingOptimizer.AdamW"/>.</summary>
        public TrainingOptimizer Optimizer = TrainingOptimizer.AdamW;

        /// <summary>The momentum of SGD, or beta1 of AdamW, in [0, 1). Default 0.9.</summary>
        public float Momentum = 0.9f;

        /// <summary>The beta2 of AdamW, in [0, 1). Default 0.999.</summary>
        public float Beta2 = 0.999f;

        /// <summary>Whether SGD uses Nesterov momentum. Default true, as in timm's <c>sgd</c>.</summary>
        public bool Nesterov = true;

        /// <summary>
        /// Learning rate after the warm-up, above 0. It then decays to <see cref="MinimumLearningRate"/> according to
        /// <see cref="LearningRateSchedule"/>. Default null: 5e-4 from scratch (DeiT, arXiv:2012.12877), and 1e-4 for
        /// fine-tuning.
        /// </summary>
        public float? LearningRate;

        /// <summary>
        /// How the learning rate decays. Default <see cref="TrainingSchedule.Cosine"/> (arXiv:1608.03983).
        /// </summary>
        public TrainingSchedule LearningRateSchedule = TrainingSchedule.Cosine;

        /// <summary>
        /// Learning rate at the end of training, at least 0 and at most <see cref="LearningRate"/>. Default null: 1e-5
        /// from scratch (DeiT), and 1e-6 for fine-tuning (BEiT, arXiv:2106.08254), or <see cref="LearningRate"/> if
        /// that is lower.
        /// </summary>
        public float? MinimumLearningRate;

        /// <summary>
        /// How <see cref="LearningRate"/> is scaled with the number of processes. <see cref="MinimumLearningRate"/> is
        /// not scaled. It has no effect in a process that trains alone. Default <see cref="LearningRateScaling.None"/>:
        /// N processes with batches of B train like one process with batches of N B at the same rate.
        /// </summary>
        public LearningRateScaling DistributedLearningRate = LearningRateScaling.None;

        /// <summary>
        /// Number of epochs in which the learning rate rises from 1e-6, at least 0. Default null: a tenth of the
        /// epochs, at most 5. For fine-tuning the default is 1, or half of the epochs if there are fewer than 2.
        /// </summary>
        public float? WarmupEpochs;

        /// <summary>
        /// Weight decay of AdamW (arXiv:1711.05101) for matrices, at least 0. Biases, norms, class token and position
        /// embedding do not decay. Default 0.05 (DeiT).
        /// </summary>
        public float WeightDecay = 0.05f;

        /// <summary>
        /// Layer decay of the learning rate, in (0, 1] (BEiT, arXiv:2106.08254, appendix). Default null: 0.75 for
        /// fine-tuning, and 1 from scratch.
        /// </summary>
        /// <remarks>
        /// The learning rate of block i of L blocks is multiplied by this value to the power L - i. The power is one
        /// higher for the embeddings, and 0 for the head.
        /// </remarks>
        public float? LayerDecay;

        /// <summary>
        /// Learning rate of the head divided by that of the other layers, above 0. Default null: 10 for a new head on a
        /// pretrained model, otherwise 1.
        /// </summary>
        public float? HeadLearningRateFactor;

        /// <summary>
        /// For fine-tuning: whether a linear probe of the training rows initializes a new head. This costs one pass
        /// over the rows, and it keeps an untrained head from distorting the pretrained features (arXiv:2202.10054). If
        /// false, the new head is initialized to zero. Default true.
        /// </summary>
        public bool InitializeHeadByProbe = true;

        /// <summary>
        /// Number of blocks, counted from the first, that are not trained. The embeddings before them are not trained
        /// either. At least 0 and at most the depth of the network. Default 0: everything is trained.
        /// </summary>
        public int FrozenBlocks;

        /// <summary>
        /// Decay of an exponential moving average (EMA) of the weights, in [0, 1) (timm's <c>--model-ema</c>). The
        /// trainer evaluates both the average and the weights on the validation rows, and the model gets the better of
        /// the two. Without validation rows it gets the average. Default null: no average.
        /// </summary>
        public float? EmaDecay;

        /// <summary>
        /// Whether the decay of the average starts low. Otherwise the initial weights dominate the average in a short
        /// run. Default true.
        /// </summary>
        public bool EmaWarmup = true;

        /// <summary>
        /// The number format of the forward and backward passes. Default <see cref="TrainingPrecision.Float32"/>.
        /// </summary>
        public TrainingPrecision Precision = TrainingPrecision.Float32;

        /// <summary>
        /// Whether rare classes weigh more in the training loss. Default
        /// <see cref="VisionTransformer.ClassWeighting.None"/>: they do not.
        /// </summary>
        public ClassWeighting ClassWeighting = ClassWeighting.None;

        /// <summary>
        /// Weight of each class in the training loss, multiplied by the weight of the row. The dictionary has a value
        /// of at least 0 for the name of every class. Default null: <see cref="ClassWeighting"/> decides.
        /// </summary>
        public IReadOnlyDictionary<string, float>? ClassWeights;

        /// <summary>
        /// Drop path in training (arXiv:1603.09382): the probability that the last block is skipped for an image, in
        /// [0, 1). Default null: 0.1 for fine-tuning if <see cref="Arch"/> is null, otherwise the value in
        /// <see cref="Arch"/>.
        /// </summary>
        public float? DropPathRate;

        /// <summary>
        /// For a linear probe: lambda of the penalty that is added to the mean cross-entropy, at least 0. The penalty
        /// is lambda / 2 times the sum of the squared weights of the head. Default null: five-fold cross-validation on
        /// the features chooses it.
        /// </summary>
        public float? ProbePenalty;

        /// <summary>
        /// Whether to measure how the accuracy of a linear probe grows with the number of training images, in
        /// <see cref="TrainingHistory.LearningCurve"/>. The curve shows whether more images would help. It works for
        /// linear probes, and for fine-tuning with <see cref="InitializeHeadByProbe"/>. The features are computed once
        /// in any case, so the curve takes only seconds. Default false.
        /// </summary>
        public bool LearningCurve;

        /// <summary>
        /// Label smoothing: fraction of each target that is spread over all classes, in [0, 1) (arXiv:1512.00567,
        /// section 7). Default 0.1.
        /// </summary>
        public float LabelSmoothing = 0.1f;

        /// <summary>
        /// Maximum L2 norm of the gradient. A larger gradient is scaled down to it. With 0 there is no maximum. Default
        /// 1.
        /// </summary>
        public float ClipGradientNorm = 1;

        /// <summary>
        /// Smallest fraction of an image's area that a random crop keeps in training, in (0, 1]. The largest is 1.
        /// Default null: 0.08 from scratch (timm), and 0.5 for fine-tuning.
        /// </summary>
        public float? RandomCropMinimumArea;

        /// <summary>Whether training flips images horizontally, each with a probability of 1/2. Default true.</summary>
        public bool HorizontalFlip = true;

        /// <summary>
        /// The augmentation of training images: crop, flip, policies, jitter, erasing, mixup and cutmix. Default null:
        /// <see cref="DefaultAugmentation"/> of the strategy, with <see cref="RandomCropMinimumArea"/> and
        /// <see cref="HorizontalFlip"/>. If you set this option, leave those two at their defaults, or set them to the
        /// same values.
        /// </summary>
        public TrainingAugmentations? Augmentation;

        /// <summary>
        /// How images become the input of the network. Default null: the preprocessing of
        /// <see cref="PretrainedModel"/>, otherwise the one with which the public weights of the architecture were
        /// trained.
        /// </summary>
        public ImagePreprocessing? Preprocessing;

        /// <summary>
        /// What training does if the image of a row cannot be read. Default <see cref="InvalidImageHandling.Throw"/>.
        /// With <see cref="InvalidImageHandling.Skip"/>, every image is decoded once before training to find such rows.
        /// </summary>
        public InvalidImageHandling OnInvalidImage;

        /// <summary>
        /// What prediction does if the image of a row cannot be read: <see cref="InvalidImageHandling.Throw"/>, the
        /// default, or <see cref="InvalidImageHandling.Missing"/>. The setting is stored with the model.
        /// </summary>
        public InvalidImageHandling OnInvalidImageInPrediction;

        /// <summary>
        /// Validation rows, with the same columns and label keys as the training rows. Default null:
        /// <see cref="ValidationSetFraction"/> applies.
        /// </summary>
        public IDataView? ValidationSet;

        /// <summary>
        /// Fraction of the training rows of each class that is used for validation if there is no
        /// <see cref="ValidationSet"/>, in [0, 1). With null or 0 there are no validation rows. Default 0.1.
        /// </summary>
        /// <remarks>
        /// With the default, fine-tuning also uses no validation rows if there would be fewer than 50. So few rows
        /// cannot rank epochs, and they are more useful for training. The rows are kept if
        /// <see cref="EarlyStoppingCriteria"/> or <see cref="Calibrate"/> needs them. The log reports the choice.
        /// </remarks>
        public float? ValidationSetFraction = StrategyDefaults.ValidationFraction;

        /// <summary>When to stop before the last epoch. It requires validation rows. Default null: never.</summary>
        public EarlyStopping? EarlyStoppingCriteria;

        /// <summary>
        /// Whether the probabilities of the model are calibrated on the validation rows. The logits are divided by the
        /// temperature that gives the lowest loss on these rows (arXiv:1706.04599). Predicted classes do not change. It
        /// requires validation rows. Default false.
        /// </summary>
        public bool Calibrate;

        /// <summary>
        /// Called after each step and each epoch, on the training thread. <see cref="TrainingMetrics.Phase"/> says what
        /// was completed. An exception that it throws ends the training. Default null.
        /// </summary>
        public Action<TrainingMetrics>? MetricsCallback;

        /// <summary>
        /// Number of bytes of images that training keeps in memory, at least 0. It does not affect the model. Default
        /// null: a quarter of the memory that is available to the process, at most 4 GiB.
        /// </summary>
        /// <remarks>
        /// Images beyond the limit are written to a file in <see cref="WorkspacePath"/>, or in the system's temporary
        /// folder if that is null. The file is deleted when training ends. An encoded image counts with its file size,
        /// an <c>MLImage</c> with 3 bytes per pixel, and a pixel vector with 4 bytes per value. Paths do not count,
        /// because their files are read again in each epoch.
        /// </remarks>
        public long? ImageMemoryLimitBytes;

        /// <summary>
        /// The workspace: a folder for the files of a run, which is created if it does not exist. It contains a
        /// training checkpoint, which is written after every epoch and every <see cref="CheckpointInterval"/>. Default
        /// null: no training checkpoint.
        /// </summary>
        /// <remarks>
        /// <para>
        /// If a run is interrupted or killed, call <c>Fit</c> again with the same options and data. The run resumes
        /// from the training checkpoint, keeps its seed, and ends with the weights of an uninterrupted run.
        /// </para>
        /// <para>
        /// After a finished run, <c>Fit</c> with the same options, data and seed returns its result. With other options
        /// or data, training starts over, and a warning in the log lists the differences.
        /// </para>
        /// <para>
        /// Images are compared by content, so files are read once more before the first epoch. Only one training at a
        /// time may use a workspace. During training it also contains the images beyond
        /// <see cref="ImageMemoryLimitBytes"/>.
        /// </para>
        /// </remarks>
        public string? WorkspacePath;

        /// <summary>
        /// Time between training checkpoints within an epoch, at least zero. With zero they are written only after
        /// epochs. Default 10 minutes.
        /// </summary>
        public TimeSpan CheckpointInterval = TimeSpan.FromMinutes(10);

        /// <summary>
        /// The log files to write to <see cref="WorkspacePath"/>, which you must then set. Default
        /// <see cref="TrainingLogs.None"/>.
        /// </summary>
        public TrainingLogs Logs;

        /// <summary>
        /// The device: "auto" (a GPU if there is one), "cpu", "cuda", "cuda:1" or "mps". Default "auto".
        /// </summary>
        public string Device = "auto";

        /// <summary>
        /// Cancels the training within one batch, as <c>MLContext.CancelExecution</c> does. Default: a token that is
        /// never canceled.
        /// </summary>
        public CancellationToken CancellationToken;

        /// <summary>
        /// What <c>Fit</c> does when it is canceled. Default <see cref="CancellationHandling.Throw"/>: it throws an
        /// <see cref="OperationCanceledException"/>.
        /// </summary>
        public CancellationHandling OnCancellation;

        /// <summary>
        /// Has no effect. It is an option of <c>ImageClassification</c>. Loss and accuracy of the training rows are
        /// always reported with each step, at no cost.
        /// </summary>
        [Obsolete("Has no effect: loss and accuracy of the training rows are always reported with each step. Delete this line.")]
        [EditorBrowsable(EditorBrowsableState.Never)]
        public bool TestOnTrainSet = true;

        /// <summary>
        /// Has no effect. It is an option of <c>ImageClassification</c>. A linear probe computes its features once and
        /// keeps them in memory.
        /// </summary>
        [Obsolete("Has no effect: a linear probe computes its features once and keeps them in memory. Delete this line.")]
        [EditorBrowsable(EditorBrowsableState.Never)]
        public bool ReuseTrainSetBottleneckCachedValues;

        /// <summary>
        /// Has no effect. It is an option of <c>ImageClassification</c>. A linear probe computes its features once and
        /// keeps them in memory.
        /// </summary>
        /// <inheritdoc cref="ReuseTrainSetBottleneckCachedValues"/>
        [Obsolete("Has no effect: a linear probe computes its features once and keeps them in memory. Delete this line.")]
        [EditorBrowsable(EditorBrowsableState.Never)]
        public bool ReuseValidationSetBottleneckCachedValues;

        /// <summary>
        /// Has no effect. It is an option of <c>ImageClassification</c>. Features are not written to a file.
        /// </summary>
        [Obsolete("Has no effect: features are not written to a file. Delete this line.")]
        [EditorBrowsable(EditorBrowsableState.Never)]
        public string? TrainSetBottleneckCachedValuesFileName;

        /// <summary>
        /// Has no effect. It is an option of <c>ImageClassification</c>. Features are not written to a file.
        /// </summary>
        /// <inheritdoc cref="TrainSetBottleneckCachedValuesFileName"/>
        [Obsolete("Has no effect: features are not written to a file. Delete this line.")]
        [EditorBrowsable(EditorBrowsableState.Never)]
        public string? ValidationSetBottleneckCachedValuesFileName;

        /// <summary>
        /// Has no effect. It is an option of <c>ImageClassification</c>. The model is in memory until
        /// <c>mlContext.Model.Save</c> writes it.
        /// </summary>
        [Obsolete("Has no effect: the model is in memory until mlContext.Model.Save writes it. Delete this line.")]
        [EditorBrowsable(EditorBrowsableState.Never)]
        public string? FinalModelPrefix;
    }

    /// <summary>The metric on the validation rows that early stopping monitors.</summary>
    /// <seealso cref="EarlyStopping"/>
    public enum EarlyStoppingMetric
    {
        /// <summary>Fraction of correct predictions; higher is better.</summary>
        Accuracy,

        /// <summary>Cross-entropy; lower is better.</summary>
        Loss,
    }
}
