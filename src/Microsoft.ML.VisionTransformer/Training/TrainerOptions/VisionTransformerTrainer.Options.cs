// What a user sets on the trainer. OptionChecks checks it, TrainingPlanBuilder makes a plan of it.
using System.ComponentModel;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Training.TrainerOptions;

namespace Microsoft.ML.VisionTransformer;

public sealed partial class VisionTransformerTrainer
{
    /// <summary>Settings of the trainer. Names are those of ML.NET's <c>ImageClassificationTrainer.Options</c> where the meaning is the same.</summary>
    public sealed class Options
    {
        /// <summary>The label: a key column. Default "Label".</summary>
        public string LabelColumnName = ColumnNames.DefaultLabel;

        /// <summary>The images: encoded bytes, <c>MLImage</c>, paths, or pixels from <c>ExtractPixels</c>. Default "Features".</summary>
        public string FeatureColumnName = ColumnNames.DefaultFeatures;

        /// <summary>Weight of each row in the loss: a Single column with numbers of at least 0. Default null: all rows weigh 1.</summary>
        public string? ExampleWeightColumnName;

        /// <summary>The output column of probabilities; another name than those of the other columns. Default "Score".</summary>
        public string ScoreColumnName = ColumnNames.DefaultScore;

        /// <summary>The output column of the most probable class; another name than those of the other columns. Default "PredictedLabel".</summary>
        public string PredictedLabelColumnName = ColumnNames.DefaultPredictedLabel;

        /// <summary>
        /// The network. Its <see cref="VisionTransformerArchitecture.Classes"/> is replaced by the number of classes of the label. Default null: that of
        /// <see cref="PretrainedModel"/>, else <c>vit_tiny_patch16_224</c>. With a pretrained model, image size and channels may differ from the
        /// model's; all else must agree.
        /// </summary>
        public VisionTransformerArchitecture? Arch;

        /// <summary>
        /// A pretrained model to start from: a file, a folder, or the id of a model on a Hugging Face hub, as <see cref="VisionTransformerCheckpoint.Load"/> takes
        /// it. Its head is kept where its classes are those of the label; else a new head begins as <see cref="InitializeHeadByProbe"/> says.
        /// Default null: none.
        /// </summary>
        public string? PretrainedModel;

        /// <summary>
        /// Where training starts and what it changes. Default null: <see cref="TrainingStrategy.FromScratch"/> without a <see cref="PretrainedModel"/>; with one
        /// <see cref="TrainingStrategy.LinearProbe"/> for fewer than 10 training images a class, else <see cref="TrainingStrategy.FineTune"/>; an option that only one of
        /// them has use for, such as <see cref="EmaDecay"/> or <see cref="ProbePenalty"/>, chooses that one. The log says which. Other defaults below depend on it.
        /// </summary>
        public TrainingStrategy? Strategy;

        /// <summary>Passes over the training rows, at least 1. Default null: 50 from scratch, 8 for fine-tuning, for a linear probe at most 100
        /// steps of the optimiser over features, which cost next to nothing.</summary>
        public int? Epoch;

        /// <summary>Rows that the network sees at once, at least 1. Default null: 32 from scratch, 16 for fine-tuning.</summary>
        public int? BatchSize;

        /// <summary>
        /// Whether processes that an MPI launcher started together (<c>mpirun -n 4 program</c>) train one model: then <see cref="BatchSize"/> is that of each process, every process has
        /// the same model afterwards, and the first alone writes files, log and <see cref="MetricsCallback"/>. All of them call <c>Fit</c> with the same options and
        /// data. Default: yes; a process that was started by hand trains alone, and no MPI library is loaded.
        /// </summary>
        public DistributedTraining Distributed = DistributedTraining.Auto;

        /// <summary>Batches whose gradients are added up for one update of the weights, at least 1: a large batch in little memory. Default 1.</summary>
        public int GradientAccumulation = 1;

        /// <summary>The rule that moves the weights. Default AdamW.</summary>
        public TrainingOptimizer Optimizer = TrainingOptimizer.AdamW;

        /// <summary>SGD's momentum, AdamW's beta1, in [0, 1). Default 0.9.</summary>
        public float Momentum = 0.9f;

        /// <summary>AdamW's beta2, in [0, 1). Default 0.999.</summary>
        public float Beta2 = 0.999f;

        /// <summary>Whether SGD looks ahead as Nesterov's does. Default true, as timm's <c>sgd</c>.</summary>
        public bool Nesterov = true;

        /// <summary>
        /// Learning rate after the warm-up, above 0. It then falls to <see cref="MinimumLearningRate"/> as <see cref="LearningRateSchedule"/> says.
        /// Default null: 5e-4 from scratch (DeiT, arXiv:2012.12877), 1e-4 for fine-tuning.
        /// </summary>
        public float? LearningRate;

        /// <summary>How the learning rate falls. Default a half cosine (arXiv:1608.03983).</summary>
        public TrainingSchedule LearningRateSchedule = TrainingSchedule.Cosine;

        /// <summary>Where the learning rate ends, at least 0 and at most <see cref="LearningRate"/>. Default null: 1e-5 from scratch (DeiT), 1e-6 for fine-tuning (BEiT, arXiv:2106.08254), or the learning rate where that is less.</summary>
        public float? MinimumLearningRate;

        /// <summary>
        /// How <see cref="LearningRate"/> follows the number of processes that train together; the minimum stays. Default: not at all, so that N processes with batches of B train as one
        /// process with batches of N B does under the same rate. Without effect in a process that trains alone.
        /// </summary>
        public LearningRateScaling DistributedLearningRate = LearningRateScaling.None;

        /// <summary>Epochs in which the learning rate rises from 1e-6, at least 0. Default null: a tenth of the epochs, at most 5; for fine-tuning one, or half of the epochs where there are fewer than two.</summary>
        public float? WarmupEpochs;

        /// <summary>AdamW's weight decay (arXiv:1711.05101) on matrices, at least 0; biases, norms, class token and positions have none. Default 0.05 (DeiT).</summary>
        public float WeightDecay = 0.05f;

        /// <summary>
        /// Layer-wise decay of the learning rate, in (0, 1]: block i of L has the rate times this to the power L - i, the embeddings one power more, the head none
        /// (BEiT, arXiv:2106.08254, appendix). Default null: 0.75 for fine-tuning, 1 from scratch.
        /// </summary>
        public float? LayerDecay;

        /// <summary>The learning rate of the head, as a multiple of the others', above 0. Default null: 10 for the new head of a pretrained model, else 1.</summary>
        public float? HeadLearningRateFactor;

        /// <summary>
        /// Fine-tuning: whether a new head begins with the weights that a linear probe of the training rows gives it, which costs one pass over them and keeps the pretrained
        /// features from being spoilt by a head that knows nothing (arXiv:2202.10054). False begins at zero. Default true.
        /// </summary>
        public bool InitializeHeadByProbe = true;

        /// <summary>
        /// How many of the first blocks stay as they are, with the embeddings before them; at least 0 and at most the network's depth. Default 0: everything is trained.
        /// </summary>
        public int FrozenBlocks;

        /// <summary>
        /// Decay of a running mean of the weights (timm's <c>--model-ema</c>), in [0, 1): the mean is validated beside the weights, and the model has the better
        /// of the two; without validation rows it has the mean. Default null: none.
        /// </summary>
        public float? EmaDecay;

        /// <summary>Whether the running mean forgets faster at first, so that a short run's mean is not full of its first weights. Default true.</summary>
        public bool EmaWarmup = true;

        /// <summary>The numbers of the forward and the backward pass. Default 32-bit.</summary>
        public TrainingPrecision Precision = TrainingPrecision.Float32;

        /// <summary>Whether rare classes count more in the training loss. Default no.</summary>
        public ClassWeighting ClassWeighting = ClassWeighting.None;

        /// <summary>
        /// How much a training row of each class weighs in the loss, beside its own weight: for every class of the label its name and a number of at least 0. Default null:
        /// as <see cref="ClassWeighting"/> says.
        /// </summary>
        public IReadOnlyDictionary<string, float>? ClassWeights;

        /// <summary>
        /// Stochastic depth in training (arXiv:1603.09382): the last block's chance to be skipped for an image, in [0, 1). Default null: 0.1 for fine-tuning where
        /// <see cref="Arch"/> is null, else what <see cref="Arch"/> says.
        /// </summary>
        public float? DropPathRate;

        /// <summary>
        /// Linear probe: lambda of the penalty lambda / 2 times the sum of the squared weights of the head, beside the mean cross-entropy; at least 0. Default null: chosen
        /// by five-fold cross-validation on the features.
        /// </summary>
        public float? ProbePenalty;

        /// <summary>Share of each target spread over all classes (arXiv:1512.00567, section 7), in [0, 1). Default 0.1.</summary>
        public float LabelSmoothing = 0.1f;

        /// <summary>The gradient is scaled down to this L2 norm where it is longer; 0 switches that off. Default 1.</summary>
        public float ClipGradientNorm = 1;

        /// <summary>Smallest share of an image's area that a random crop keeps in training, in (0, 1]; the largest is 1. Default null: 0.08 from scratch (timm), 0.5 for fine-tuning.</summary>
        public float? RandomCropMinimumArea;

        /// <summary>Whether training mirrors images left to right, each with probability 1/2. Default true.</summary>
        public bool HorizontalFlip = true;

        /// <summary>
        /// How training varies images, beyond crop and flip: policies, jitter, erasing, mixup and cutmix. Default null: <see cref="DefaultAugmentation"/> of the strategy, with
        /// <see cref="RandomCropMinimumArea"/> and <see cref="HorizontalFlip"/>. Where it is set, those two are left alone or say the same.
        /// </summary>
        public TrainingAugmentations? Augmentation;

        /// <summary>
        /// How images become the network's input. Default null: as <see cref="PretrainedModel"/> says, else what the architecture's public weights were trained with.
        /// </summary>
        public ImagePreprocessing? Preprocessing;

        /// <summary>
        /// What becomes of a training or validation row whose image cannot be read: <see cref="InvalidImageHandling.Throw"/>, the default, or
        /// <see cref="InvalidImageHandling.Skip"/>, which decodes every image once before training to find them.
        /// </summary>
        public InvalidImageHandling OnInvalidImage;

        /// <summary>
        /// What the model's columns show of a row whose image cannot be read: <see cref="InvalidImageHandling.Throw"/>, the default, or
        /// <see cref="InvalidImageHandling.Missing"/>. Stored with the model.
        /// </summary>
        public InvalidImageHandling OnInvalidImageInPrediction;

        /// <summary>Rows to validate on, with the columns and the label keys of the training rows. Default null: <see cref="ValidationSetFraction"/>.</summary>
        public IDataView? ValidationSet;

        /// <summary>
        /// Share of the training rows of each class that is kept for validation where there is no <see cref="ValidationSet"/>, in [0, 1).
        /// Default 0.1; null and 0 keep none. Fine-tuning at the default keeps none either where they would be fewer than 50 and neither
        /// <see cref="EarlyStoppingCriteria"/> nor <see cref="Calibrate"/> needs them: so few cannot tell epochs apart, and training has more use for them. The log says so.
        /// </summary>
        public float? ValidationSetFraction = StrategyDefaults.ValidationFraction;

        /// <summary>When to stop before the last epoch. Default null: never. Needs validation rows.</summary>
        public EarlyStopping? EarlyStoppingCriteria;

        /// <summary>
        /// Whether the model's probabilities are calibrated on the validation rows: logits are divided by the temperature (arXiv:1706.04599) with which the probabilities fit them best.
        /// The predicted classes stay the same. Default false. Needs validation rows.
        /// </summary>
        public bool Calibrate;

        /// <summary>
        /// Called after each step and each epoch (<see cref="TrainingMetrics.Phase"/> says which) on the thread that trains; an exception it throws ends the training. Default
        /// null.
        /// </summary>
        public Action<TrainingMetrics>? MetricsCallback;

        /// <summary>
        /// Bytes of images that training keeps in memory, at least 0; those beyond go to a file in <see cref="WorkspacePath"/> that is deleted when the training ends.
        /// Encoded images count with their size as files, an <c>MLImage</c> with 3 bytes a pixel, a pixel vector with 4 bytes a number; paths count nothing, their
        /// files are read anew each epoch. The model does not depend on it. Default null: a quarter of the memory that the process may use, at most 4 GiB.
        /// </summary>
        public long? ImageMemoryLimitBytes;

        /// <summary>
        /// A folder for the files of a run, made where it is missing: a checkpoint after every epoch and every <see cref="CheckpointInterval"/>, from which a run that was
        /// interrupted, by whatever end, goes on when <c>Fit</c> is called again with the same options and data; it then ends with the weights that it would have had. The
        /// seed of the interrupted run is taken over. After a run that has ended, <c>Fit</c> with the same options, data and seed returns its result; with others training
        /// starts over, and a warning in the log names what differs. Images are compared by their content, for which files are read once more before the first epoch. One training at a time may use a folder. Images beyond <see cref="ImageMemoryLimitBytes"/> lie there too, while the training lasts. Default null: no checkpoint.
        /// </summary>
        public string? WorkspacePath;

        /// <summary>Time after which a checkpoint is written within an epoch, at least zero; zero writes them after epochs only. Default 10 minutes.</summary>
        public TimeSpan CheckpointInterval = TimeSpan.FromMinutes(10);

        /// <summary>Files about the run in <see cref="WorkspacePath"/>, which must then be set. Default none.</summary>
        public TrainingLogs Logs;

        /// <summary>Where to compute: "auto" (a GPU where there is one), "cpu", "cuda", "cuda:1", "mps". Default "auto".</summary>
        public string Device = "auto";

        /// <summary>Stops the training within one batch, as <c>MLContext.CancelExecution</c> does. Default none.</summary>
        public CancellationToken CancellationToken;

        /// <summary>What <c>Fit</c> does when it is stopped. Default: it throws an <see cref="OperationCanceledException"/>.</summary>
        public CancellationHandling OnCancellation;

        /// <summary>Has no effect. An option of <c>ImageClassification</c>: loss and accuracy of the training rows always come with each step and cost nothing.</summary>
        [Obsolete("Has no effect: loss and accuracy of the training rows always come with each step. Delete this line.")]
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

    /// <summary>What early stopping watches, on the validation rows.</summary>
    public enum EarlyStoppingMetric
    {
        /// <summary>Share of right answers; higher is better.</summary>
        Accuracy,

        /// <summary>Cross-entropy; lower is better.</summary>
        Loss,
    }
}
