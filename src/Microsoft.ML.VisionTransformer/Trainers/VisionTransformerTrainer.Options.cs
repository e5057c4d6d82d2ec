// What a user sets on the trainer, checked once and then copied into an immutable plan.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images;
using Microsoft.ML.VisionTransformer.Interop;
using Microsoft.ML.VisionTransformer.Network;
using Microsoft.ML.VisionTransformer.Trainers;
using Microsoft.ML.VisionTransformer.Transformers;

namespace Microsoft.ML.VisionTransformer;

public sealed partial class VisionTransformerTrainer
{
    /// <summary>Settings of the trainer. Names are those of ML.NET's <c>ImageClassificationTrainer.Options</c> where the meaning is the same.</summary>
    public sealed class Options
    {
        private const float DefaultValidationFraction = 0.1f, FewestValidationRows = 50;

        /// <summary>The label: a key column. Default "Label".</summary>
        public string LabelColumnName = DefaultLabel;

        /// <summary>The images: encoded bytes, <c>MLImage</c>, paths, or pixels from <c>ExtractPixels</c>. Default "Features".</summary>
        public string FeatureColumnName = DefaultFeatures;

        /// <summary>Weight of each row in the loss: a Single column with numbers of at least 0. Default null: all rows weigh 1.</summary>
        public string? ExampleWeightColumnName;

        /// <summary>The output column of probabilities. Default "Score".</summary>
        public string ScoreColumnName = DefaultScore;

        /// <summary>The output column of the most probable class. Default "PredictedLabel".</summary>
        public string PredictedLabelColumnName = DefaultPredictedLabel;

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
        /// <see cref="TrainingStrategy.LinearProbe"/> for fewer than 10 training images a class, else <see cref="TrainingStrategy.FineTune"/>. The log says which.
        /// Other defaults below depend on it.
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
        public TrainingPrecision Precision = TrainingPrecision.Full;

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
        /// How training varies images, beyond crop and flip: policies, jitter, erasing, mixup and cutmix. Default null: a crop of at least
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
        public float? ValidationSetFraction = DefaultValidationFraction;

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
        /// seed of the interrupted run is taken over. After a run that has ended, <c>Fit</c> with the same options, data and seed returns its result; with others it begins
        /// anew. One training at a time may use a folder. Images beyond <see cref="ImageMemoryLimitBytes"/> lie there too, while the training lasts. Default null: no checkpoint.
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

        /// <param name="seed">Of the run.</param>
        /// <param name="data">What defaults depend on; null where the data is not known yet.</param>
        /// <exception cref="ArgumentException">A value is not allowed; the message names it.</exception>
        internal TrainingPlan ToPlan(int seed, DataSize? data = null)
        {
            var (strategy, reason) = CheckStrategy(data);
            var standard = StrategyDefaults.Of(strategy, data);
            Guard.NotBlank(LabelColumnName);
            Guard.NotBlank(FeatureColumnName);
            Guard.NotBlank(ScoreColumnName);
            Guard.NotBlank(PredictedLabelColumnName);
            if (ScoreColumnName == PredictedLabelColumnName)
                throw new ArgumentException($"ScoreColumnName and PredictedLabelColumnName are both '{ScoreColumnName}'; give them two names.");
            TorchRuntime.Parse(Guard.NotBlank(Device));
            CheckCombinations(strategy);
            var architecture = WithDropPath((Arch ?? VisionTransformerArchitecture.Parse("vit_tiny_patch16_224")).Check(), standard.DropPathRate);
            int epochs = Guard.AtLeast(Epoch ?? standard.Epochs, 1, nameof(Epoch));
            float rate = Guard.Above(LearningRate ?? standard.LearningRate, 0f, nameof(LearningRate));
            return new TrainingPlan
            {
                Strategy = strategy,
                StrategyReason = reason,
                Pretrained = PretrainedModel,
                Label = LabelColumnName,
                ExampleWeight = ExampleWeightColumnName is null ? null : Guard.NotBlank(ExampleWeightColumnName),
                Columns = new ColumnNames(FeatureColumnName, ScoreColumnName, PredictedLabelColumnName)
                {
                    OnInvalidImage = InvalidImageRules.ForPrediction(OnInvalidImageInPrediction, nameof(OnInvalidImageInPrediction)),
                },
                OnInvalidImage = InvalidImageRules.ForTraining(OnInvalidImage, nameof(OnInvalidImage)),
                Architecture = architecture,
                Preprocessing = CheckPreprocessing(architecture, Preprocessing ?? ImagePreprocessing.For(architecture)),
                Epochs = epochs,
                BatchSize = Guard.AtLeast(BatchSize ?? standard.BatchSize, 1, nameof(BatchSize)),
                GradientAccumulation = Guard.AtLeast(GradientAccumulation, 1),
                Optimizer = Guard.Defined(Optimizer),
                Momentum = Guard.InRange(Momentum, 0f, 1f),
                Beta2 = Guard.InRange(Beta2, 0f, 1f),
                Nesterov = Nesterov,
                Schedule = Guard.Defined(LearningRateSchedule),
                LearningRate = rate,
                MinimumLearningRate = CheckMinimumRate(rate, standard.MinimumLearningRate),
                RateScaling = Guard.Defined(DistributedLearningRate),
                Distributed = Guard.Defined(Distributed),
                WarmupEpochs = Guard.InRange(WarmupEpochs ?? standard.WarmupEpochs(epochs), 0f, float.PositiveInfinity, nameof(WarmupEpochs)),
                WeightDecay = Guard.InRange(WeightDecay, 0f, float.PositiveInfinity),
                LayerDecay = CheckShare(LayerDecay ?? standard.LayerDecay, nameof(LayerDecay), "1 gives all layers the same rate"),
                HeadRateFactor = Guard.Above(HeadLearningRateFactor ?? standard.HeadRateFactor, 0f, nameof(HeadLearningRateFactor)),
                ProbesHead = strategy == TrainingStrategy.FineTune && InitializeHeadByProbe,
                FrozenBlocks = CheckFrozenBlocks(architecture),
                EmaDecay = Guard.InRange(EmaDecay ?? standard.EmaDecay, 0f, 1f, nameof(EmaDecay)),
                EmaWarmup = EmaWarmup,
                Precision = Guard.Defined(Precision),
                ClassWeighting = Guard.Defined(ClassWeighting),
                ClassWeights = CheckClassWeights(),
                ProbePenalty = ProbePenalty is { } penalty ? Guard.InRange(penalty, 0f, float.PositiveInfinity, nameof(ProbePenalty)) : null,
                LabelSmoothing = Guard.InRange(LabelSmoothing, 0f, 1f),
                ClipGradientNorm = Guard.InRange(ClipGradientNorm, 0f, float.PositiveInfinity),
                Augmentation = CheckAugmentation(standard),
                AugmentationIsChosen = Augmentation is not null,
                ValidationSet = ValidationSet,
                ValidationFraction = CheckValidationFraction(strategy, data),
                EarlyStopping = EarlyStoppingCriteria,
                MetricsCallback = MetricsCallback,
                Calibrate = Calibrate,
                OnCancellation = Guard.Defined(OnCancellation),
                ImageMemoryLimit = Guard.AtLeast(ImageMemoryLimitBytes ?? ImageStore.DefaultMemoryLimit, 0L, nameof(ImageMemoryLimitBytes)),
                Workspace = WorkspacePath is null ? null : Guard.NotBlank(WorkspacePath),
                CheckpointInterval = CheckInterval(),
                Logs = CheckLogs(),
                Device = Device,
                CancellationToken = CancellationToken,
                Seed = seed,
            };
        }

        /// <summary>A copy that later changes do not reach: a pretrained model is opened when training starts.</summary>
        internal Options Copy() => (Options)MemberwiseClone();

        /// <summary>The plan with the network and the preprocessing that follow from a pretrained model.</summary>
        /// <exception cref="ArgumentException">An option does not go with the model.</exception>
        internal TrainingPlan Complete(TrainingPlan plan, VisionTransformerCheckpoint checkpoint)
        {
            var architecture = WithDropPath(checkpoint.Architecture, Arch is null ? StrategyDefaults.Of(plan.Strategy, null).DropPathRate : 0) with
            {
                // Layers of the pre-training that no classifier goes on with: transformers and timm leave them out too.
                RepresentationDimension = 0,
                HeadBias = true,
                Pooling = checkpoint.Architecture.Pooling == TokenPooling.None ? TokenPooling.Average : checkpoint.Architecture.Pooling,
            };
            CheckFrozenBlocks(architecture);
            return plan with { Architecture = architecture, Preprocessing = CheckPreprocessing(architecture, Preprocessing ?? checkpoint.Preprocessing) };
        }

        private (TrainingStrategy Strategy, string Reason) CheckStrategy(DataSize? data)
        {
            if (PretrainedModel is not null)
                Guard.NotBlank(PretrainedModel);
            var (strategy, reason) = Strategy is { } chosen ? (Guard.Defined(chosen, nameof(Strategy)), "as set") : StrategyDefaults.Choose(PretrainedModel is not null, data);
            Guard.That(
                strategy == TrainingStrategy.FromScratch == PretrainedModel is null,
                nameof(Strategy),
                $"Strategy is {strategy} and PretrainedModel {(PretrainedModel is null ? "is null: name the model to start from, or train FromScratch" : "is set: leave it null, or choose FineTune or LinearProbe")}.");
            Guard.That(
                strategy != TrainingStrategy.LinearProbe || Augmentation is null || Augmentation == TrainingAugmentations.None,
                nameof(Augmentation),
                "Augmentation is set and Strategy is LinearProbe, which sees each image once and as it is: leave Augmentation null, or choose FineTune.");
            return (strategy, reason);
        }

        /// <summary>Refuses options that say two things, or that a strategy has no use for.</summary>
        private void CheckCombinations(TrainingStrategy strategy)
        {
            Guard.That(
                LearningRateSchedule != TrainingSchedule.Constant || MinimumLearningRate is null,
                nameof(MinimumLearningRate),
                "MinimumLearningRate is set and LearningRateSchedule is Constant, which never falls: leave one of them at its default.");
            Guard.That(
                strategy != TrainingStrategy.FromScratch || FrozenBlocks == 0,
                nameof(FrozenBlocks),
                "FrozenBlocks is set and Strategy is FromScratch: blocks with random weights would never learn. Set PretrainedModel, or leave FrozenBlocks at 0.");
            Guard.That(
                strategy == TrainingStrategy.LinearProbe || ProbePenalty is null,
                nameof(ProbePenalty),
                $"ProbePenalty is set and Strategy is {strategy}: it is for LinearProbe; the others have WeightDecay.");
            if (strategy != TrainingStrategy.LinearProbe)
                return;
            (string Name, bool IsSet)[] unused =
            [
                (nameof(FrozenBlocks), FrozenBlocks != 0),
                (nameof(EmaDecay), EmaDecay is not null),
                (nameof(GradientAccumulation), GradientAccumulation != 1),
                (nameof(Optimizer), Optimizer != TrainingOptimizer.AdamW),
                (nameof(LearningRateSchedule), LearningRateSchedule != TrainingSchedule.Cosine),
                (nameof(Precision), Precision != TrainingPrecision.Full),
                (nameof(EarlyStoppingCriteria), EarlyStoppingCriteria is not null),
            ];
            if (Array.Find(unused, option => option.IsSet) is { Name: { } name })
                throw new ArgumentException($"{name} is set and Strategy is LinearProbe, which trains the head alone to convergence by L-BFGS: leave {name} at its default, or choose FineTune.", name);
        }

        private int CheckFrozenBlocks(VisionTransformerArchitecture architecture) =>
            FrozenBlocks >= 0 && FrozenBlocks <= architecture.Depth
                ? FrozenBlocks
                : throw new ArgumentOutOfRangeException(nameof(FrozenBlocks), FrozenBlocks, $"FrozenBlocks must be from 0 to the number of blocks, which is {architecture.Depth}.");

        private Dictionary<string, float>? CheckClassWeights()
        {
            if (ClassWeights is null)
                return null;
            Guard.That(
                ClassWeighting == ClassWeighting.None,
                nameof(ClassWeights),
                $"ClassWeights is set and ClassWeighting is {ClassWeighting}: leave one of them at its default.");
            foreach (var (name, weight) in ClassWeights)
                Guard.That(weight >= 0 && float.IsFinite(weight), nameof(ClassWeights), FormattableString.Invariant($"The weight of class '{name}' is {weight}; weights are at least 0 and finite."));
            return new Dictionary<string, float>(ClassWeights, StringComparer.Ordinal);
        }

        private float CheckValidationFraction(TrainingStrategy strategy, DataSize? data)
        {
            float fraction = Guard.InRange(ValidationSetFraction ?? 0, 0f, 1f, nameof(ValidationSetFraction));
            bool tooFew = data is { } size && size.Images * fraction < FewestValidationRows;
            bool needed = EarlyStoppingCriteria is not null || Calibrate;
            return strategy == TrainingStrategy.FineTune && fraction == DefaultValidationFraction && tooFew && !needed ? 0 : fraction;
        }

        private TimeSpan CheckInterval() => CheckpointInterval >= TimeSpan.Zero
            ? CheckpointInterval
            : throw new ArgumentOutOfRangeException(nameof(CheckpointInterval), CheckpointInterval, "CheckpointInterval must be at least zero.");

        private TrainingLogs CheckLogs()
        {
            Guard.That((Logs & ~(TrainingLogs.Csv | TrainingLogs.TensorBoard)) == 0, nameof(Logs), $"Logs is {Logs}; it is None, or Csv and TensorBoard in any combination.");
            Guard.That(Logs == TrainingLogs.None || WorkspacePath is not null, nameof(Logs), $"Logs is {Logs} and WorkspacePath is null: set the folder that the files go to.");
            return Logs;
        }

        private VisionTransformerArchitecture WithDropPath(VisionTransformerArchitecture architecture, double standard)
        {
            double rate = DropPathRate ?? Math.Max(standard, architecture.DropPathRate);
            return architecture with { DropPathRate = Guard.InRange(rate, 0, 1, nameof(DropPathRate)) };
        }

        private static ImagePreprocessing CheckPreprocessing(VisionTransformerArchitecture architecture, ImagePreprocessing preprocessing)
        {
            if (architecture.Channels is not (1 or 3))
                throw new ArgumentException($"Arch has {architecture.Channels} channels; images are read as 3 (red, green, blue) or 1 (grey).", nameof(Arch));
            preprocessing.Check();
            if (preprocessing.Size != architecture.ImageSize)
                throw new ArgumentException($"Preprocessing makes images of {preprocessing.Size}, Arch takes {architecture.ImageSize}; make them the same.", nameof(Preprocessing));
            if (preprocessing.Mean.Count != architecture.Channels)
                throw new ArgumentException($"Preprocessing has {preprocessing.Mean.Count} channels, Arch {architecture.Channels}; make them the same.", nameof(Preprocessing));
            return preprocessing;
        }

        private float CheckMinimumRate(float rate, float standard)
        {
            float least = Guard.AtLeast(MinimumLearningRate ?? Math.Min(standard, rate), 0f, nameof(MinimumLearningRate));
            return least <= rate
                ? least
                : throw new ArgumentOutOfRangeException(nameof(MinimumLearningRate), least, $"MinimumLearningRate is above LearningRate ({rate.ToString(CultureInfo.InvariantCulture)}); the rate falls from that one to this one.");
        }

        private TrainingAugmentations CheckAugmentation(StrategyDefaults standard)
        {
            float area = CheckShare(RandomCropMinimumArea ?? standard.RandomCropMinimumArea, nameof(RandomCropMinimumArea), "1 keeps the whole image");
            if (Augmentation is null)
                return standard.Augmentation with { CropMinimumArea = area, HorizontalFlipProbability = HorizontalFlip ? 0.5 : 0 };
            Augmentation.Check();
            if (RandomCropMinimumArea is not null && !(Augmentation.RandomCrop && (float)Augmentation.CropMinimumArea == area))
                throw TwoWays(nameof(RandomCropMinimumArea), area, nameof(TrainingAugmentations.CropMinimumArea));
            if (!HorizontalFlip && Augmentation.HorizontalFlipProbability > 0)
                throw TwoWays(nameof(HorizontalFlip), HorizontalFlip, nameof(TrainingAugmentations.HorizontalFlipProbability));
            return Augmentation;
        }

        private static ArgumentException TwoWays(string option, object value, string property) => new(
            FormattableString.Invariant($"{option} is {value}, but Augmentation is set and says something else: set {property} there and leave {option} at its default."), option);

        private static float CheckShare(float value, string name, string whatOneMeans)
        {
            Guard.Above(value, 0f, name);
            return value <= 1 ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must be in (0, 1]; {whatOneMeans}.");
        }
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
