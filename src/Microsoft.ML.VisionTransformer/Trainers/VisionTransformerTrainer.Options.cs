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
        /// it. Its head is kept where its classes are those of the label; else a new head starts at zero. Default null: none.
        /// </summary>
        public string? PretrainedModel;

        /// <summary>
        /// Where training starts and what it changes. Default null: <see cref="TrainingStrategy.FineTune"/> with a <see cref="PretrainedModel"/>,
        /// <see cref="TrainingStrategy.FromScratch"/> without one. Other defaults below depend on it.
        /// </summary>
        public TrainingStrategy? Strategy;

        /// <summary>Passes over the training rows, at least 1. Default null: 50 from scratch, 8 for fine-tuning, for a linear probe at most 100
        /// steps of the optimiser over features, which cost next to nothing.</summary>
        public int? Epoch;

        /// <summary>Rows of a step, at least 1. Default null: 32 from scratch, 16 for fine-tuning.</summary>
        public int? BatchSize;

        /// <summary>
        /// Learning rate after the warm-up, above 0. It then falls to <see cref="MinimumLearningRate"/> along a half cosine (arXiv:1608.03983).
        /// Default null: 5e-4 from scratch (DeiT, arXiv:2012.12877), 1e-4 for fine-tuning.
        /// </summary>
        public float? LearningRate;

        /// <summary>Where the learning rate ends, at least 0 and at most <see cref="LearningRate"/>. Default null: 1e-5 from scratch (DeiT), 1e-6 for fine-tuning (BEiT, arXiv:2106.08254), or the learning rate where that is less.</summary>
        public float? MinimumLearningRate;

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
        /// Default 0.1; null and 0 keep none.
        /// </summary>
        public float? ValidationSetFraction = 0.1f;

        /// <summary>When to stop before the last epoch. Default null: never. Needs validation rows.</summary>
        public EarlyStopping? EarlyStoppingCriteria;

        /// <summary>Called after each epoch on the thread that trains; an exception it throws ends the training. Default null.</summary>
        public Action<TrainingMetrics>? MetricsCallback;

        /// <summary>
        /// Bytes of images that training keeps in memory, at least 0; those beyond go to a file in <see cref="WorkspacePath"/> that is deleted when the training ends.
        /// Encoded images count with their size as files, an <c>MLImage</c> with 3 bytes a pixel, a pixel vector with 4 bytes a number; paths count nothing, their
        /// files are read anew each epoch. The model does not depend on it. Default null: a quarter of the memory that the process may use, at most 4 GiB.
        /// </summary>
        public long? ImageMemoryLimitBytes;

        /// <summary>
        /// A folder for the files of a run, made where it is missing: for the images beyond <see cref="ImageMemoryLimitBytes"/>, while the training lasts. Checkpoints,
        /// from which an interrupted training goes on, are not written by this version. Default null: the system's temporary folder.
        /// </summary>
        public string? WorkspacePath;

        /// <summary>Where to compute: "auto" (a GPU where there is one), "cpu", "cuda", "cuda:1", "mps". Default "auto".</summary>
        public string Device = "auto";

        /// <summary>Stops the training within one batch, with an <see cref="OperationCanceledException"/>. Default none.</summary>
        public CancellationToken CancellationToken;

        /// <exception cref="ArgumentException">A value is not allowed; the message names it.</exception>
        internal TrainingPlan ToPlan(int seed)
        {
            var strategy = CheckStrategy();
            var standard = StrategyDefaults.Of(strategy);
            Guard.NotBlank(LabelColumnName);
            Guard.NotBlank(FeatureColumnName);
            Guard.NotBlank(ScoreColumnName);
            Guard.NotBlank(PredictedLabelColumnName);
            if (ScoreColumnName == PredictedLabelColumnName)
                throw new ArgumentException($"ScoreColumnName and PredictedLabelColumnName are both '{ScoreColumnName}'; give them two names.");
            TorchRuntime.Parse(Guard.NotBlank(Device));
            var architecture = WithDropPath((Arch ?? VisionTransformerArchitecture.Parse("vit_tiny_patch16_224")).Check(), 0);
            int epochs = Guard.AtLeast(Epoch ?? standard.Epochs, 1, nameof(Epoch));
            float rate = Guard.Above(LearningRate ?? standard.LearningRate, 0f, nameof(LearningRate));
            return new TrainingPlan
            {
                Strategy = strategy,
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
                LearningRate = rate,
                MinimumLearningRate = CheckMinimumRate(rate, standard.MinimumLearningRate),
                WarmupEpochs = Guard.InRange(WarmupEpochs ?? standard.WarmupEpochs(epochs), 0f, float.PositiveInfinity, nameof(WarmupEpochs)),
                WeightDecay = Guard.InRange(WeightDecay, 0f, float.PositiveInfinity),
                LayerDecay = CheckShare(LayerDecay ?? standard.LayerDecay, nameof(LayerDecay), "1 gives all layers the same rate"),
                HeadRateFactor = Guard.Above(HeadLearningRateFactor ?? standard.HeadRateFactor, 0f, nameof(HeadLearningRateFactor)),
                ProbePenalty = ProbePenalty is { } penalty ? Guard.InRange(penalty, 0f, float.PositiveInfinity, nameof(ProbePenalty)) : null,
                LabelSmoothing = Guard.InRange(LabelSmoothing, 0f, 1f),
                ClipGradientNorm = Guard.InRange(ClipGradientNorm, 0f, float.PositiveInfinity),
                Augmentation = CheckAugmentation(standard),
                AugmentationIsChosen = Augmentation is not null,
                ValidationSet = ValidationSet,
                ValidationFraction = Guard.InRange(ValidationSetFraction ?? 0, 0f, 1f, nameof(ValidationSetFraction)),
                EarlyStopping = EarlyStoppingCriteria,
                MetricsCallback = MetricsCallback,
                ImageMemoryLimit = Guard.AtLeast(ImageMemoryLimitBytes ?? ImageStore.DefaultMemoryLimit, 0L, nameof(ImageMemoryLimitBytes)),
                Workspace = WorkspacePath is null ? Path.GetTempPath() : Guard.NotBlank(WorkspacePath),
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
            var architecture = WithDropPath(checkpoint.Architecture, Arch is null ? StrategyDefaults.Of(plan.Strategy).DropPathRate : 0) with
            {
                // Layers of the pre-training that no classifier goes on with: transformers and timm leave them out too.
                RepresentationDimension = 0,
                HeadBias = true,
                Pooling = checkpoint.Architecture.Pooling == TokenPooling.None ? TokenPooling.Average : checkpoint.Architecture.Pooling,
            };
            return plan with { Architecture = architecture, Preprocessing = CheckPreprocessing(architecture, Preprocessing ?? checkpoint.Preprocessing) };
        }

        private TrainingStrategy CheckStrategy()
        {
            if (PretrainedModel is not null)
                Guard.NotBlank(PretrainedModel);
            var strategy = Guard.Defined(Strategy ?? (PretrainedModel is null ? TrainingStrategy.FromScratch : TrainingStrategy.FineTune), nameof(Strategy));
            Guard.That(
                strategy == TrainingStrategy.FromScratch == PretrainedModel is null,
                nameof(Strategy),
                $"Strategy is {strategy} and PretrainedModel {(PretrainedModel is null ? "is null: name the model to start from, or train FromScratch" : "is set: leave it null, or choose FineTune or LinearProbe")}.");
            Guard.That(
                strategy != TrainingStrategy.LinearProbe || Augmentation is null || Augmentation == TrainingAugmentations.None,
                nameof(Augmentation),
                "Augmentation is set and Strategy is LinearProbe, which sees each image once and as it is: leave Augmentation null, or choose FineTune.");
            return strategy;
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
                return new TrainingAugmentations { CropMinimumArea = area, HorizontalFlipProbability = HorizontalFlip ? 0.5 : 0 };
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
