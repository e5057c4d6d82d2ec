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
        private const float DefaultLearningRate = 5e-4f;

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
        /// The network. Its <see cref="VisionTransformerArchitecture.Classes"/> is replaced by the number of classes of the label. Default null:
        /// <c>vit_tiny_patch16_224</c>.
        /// </summary>
        public VisionTransformerArchitecture? Arch;

        /// <summary>A pretrained model to start from: a path or hub id. Not available in this version: must be null.</summary>
        public string? PretrainedModel;

        /// <summary>Where training starts and what it changes. Default null: <see cref="TrainingStrategy.FromScratch"/>, the one this version has.</summary>
        public TrainingStrategy? Strategy;

        /// <summary>Passes over the training rows, at least 1. Default null: 50.</summary>
        public int? Epoch;

        /// <summary>Rows of a step, at least 1. Default null: 32.</summary>
        public int? BatchSize;

        /// <summary>
        /// Learning rate after the warm-up, above 0. It then falls to <see cref="MinimumLearningRate"/> along a half cosine (arXiv:1608.03983).
        /// Default null: 5e-4 (DeiT, arXiv:2012.12877).
        /// </summary>
        public float? LearningRate;

        /// <summary>Where the learning rate ends, at least 0 and at most <see cref="LearningRate"/>. Default null: 1e-5 (DeiT), or the learning rate where that is less.</summary>
        public float? MinimumLearningRate;

        /// <summary>Epochs in which the learning rate rises from 1e-6, at least 0. Default null: a tenth of the epochs, at most 5.</summary>
        public float? WarmupEpochs;

        /// <summary>AdamW's weight decay (arXiv:1711.05101) on matrices, at least 0; biases, norms, class token and positions have none. Default 0.05 (DeiT).</summary>
        public float WeightDecay = 0.05f;

        /// <summary>Share of each target spread over all classes (arXiv:1512.00567, section 7), in [0, 1). Default 0.1.</summary>
        public float LabelSmoothing = 0.1f;

        /// <summary>The gradient is scaled down to this L2 norm where it is longer; 0 switches that off. Default 1.</summary>
        public float ClipGradientNorm = 1;

        /// <summary>Smallest share of an image's area that a random crop keeps in training, in (0, 1]; the largest is 1. Default 0.08 (timm).</summary>
        public float RandomCropMinimumArea = 0.08f;

        /// <summary>Whether training mirrors images left to right, each with probability 1/2. Default true.</summary>
        public bool HorizontalFlip = true;

        /// <summary>How images become the network's input. Default null: what the architecture's public weights were trained with.</summary>
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

        /// <summary>A folder for checkpoints. Not available in this version: must be null.</summary>
        public string? WorkspacePath;

        /// <summary>Where to compute: "auto" (a GPU where there is one), "cpu", "cuda", "cuda:1", "mps". Default "auto".</summary>
        public string Device = "auto";

        /// <summary>Stops the training within one batch, with an <see cref="OperationCanceledException"/>. Default none.</summary>
        public CancellationToken CancellationToken;

        /// <exception cref="ArgumentException">A value is not allowed; the message names it.</exception>
        /// <exception cref="NotSupportedException">An option of a later version is set.</exception>
        internal TrainingPlan ToPlan(int seed)
        {
            RefuseLaterOptions();
            Guard.NotBlank(LabelColumnName);
            Guard.NotBlank(FeatureColumnName);
            Guard.NotBlank(ScoreColumnName);
            Guard.NotBlank(PredictedLabelColumnName);
            if (ScoreColumnName == PredictedLabelColumnName)
                throw new ArgumentException($"ScoreColumnName and PredictedLabelColumnName are both '{ScoreColumnName}'; give them two names.");
            TorchRuntime.Parse(Guard.NotBlank(Device));
            var architecture = (Arch ?? VisionTransformerArchitecture.Parse("vit_tiny_patch16_224")).Check();
            int epochs = Guard.AtLeast(Epoch ?? 50, 1, nameof(Epoch));
            return new TrainingPlan
            {
                Label = LabelColumnName,
                ExampleWeight = ExampleWeightColumnName is null ? null : Guard.NotBlank(ExampleWeightColumnName),
                Columns = new ColumnNames(FeatureColumnName, ScoreColumnName, PredictedLabelColumnName)
                {
                    OnInvalidImage = InvalidImageRules.ForPrediction(OnInvalidImageInPrediction, nameof(OnInvalidImageInPrediction)),
                },
                OnInvalidImage = InvalidImageRules.ForTraining(OnInvalidImage, nameof(OnInvalidImage)),
                Architecture = architecture,
                Preprocessing = CheckPreprocessing(architecture),
                Epochs = epochs,
                BatchSize = Guard.AtLeast(BatchSize ?? 32, 1, nameof(BatchSize)),
                LearningRate = Guard.Above(LearningRate ?? DefaultLearningRate, 0f, nameof(LearningRate)),
                MinimumLearningRate = CheckMinimumRate(LearningRate ?? DefaultLearningRate),
                WarmupEpochs = Guard.InRange(WarmupEpochs ?? Math.Min(5, epochs / 10f), 0f, float.PositiveInfinity, nameof(WarmupEpochs)),
                WeightDecay = Guard.InRange(WeightDecay, 0f, float.PositiveInfinity),
                LabelSmoothing = Guard.InRange(LabelSmoothing, 0f, 1f),
                ClipGradientNorm = Guard.InRange(ClipGradientNorm, 0f, float.PositiveInfinity),
                RandomCropMinimumArea = CheckCrop(),
                FlipProbability = HorizontalFlip ? 0.5 : 0,
                ValidationSet = ValidationSet,
                ValidationFraction = Guard.InRange(ValidationSetFraction ?? 0, 0f, 1f, nameof(ValidationSetFraction)),
                EarlyStopping = EarlyStoppingCriteria,
                MetricsCallback = MetricsCallback,
                Device = Device,
                CancellationToken = CancellationToken,
                Seed = seed,
            };
        }

        private void RefuseLaterOptions()
        {
            if (PretrainedModel is not null)
                throw new NotSupportedException("PretrainedModel is set, but this version trains from scratch only; leave it null.");
            if (Strategy is not null && Guard.Defined(Strategy.Value, nameof(Strategy)) != TrainingStrategy.FromScratch)
                throw new NotSupportedException($"Strategy is {Strategy}, which starts from a pretrained model; this version has FromScratch only. Leave Strategy null.");
            if (WorkspacePath is not null)
                throw new NotSupportedException("WorkspacePath is set, but this version keeps no checkpoints; leave it null.");
        }

        private ImagePreprocessing CheckPreprocessing(VisionTransformerArchitecture architecture)
        {
            if (architecture.Channels is not (1 or 3))
                throw new ArgumentException($"Arch has {architecture.Channels} channels; images are read as 3 (red, green, blue) or 1 (grey).", nameof(Arch));
            var preprocessing = Preprocessing ?? ImagePreprocessing.For(architecture);
            preprocessing.Check();
            if (preprocessing.Size != architecture.ImageSize)
                throw new ArgumentException($"Preprocessing makes images of {preprocessing.Size}, Arch takes {architecture.ImageSize}; make them the same.", nameof(Preprocessing));
            if (preprocessing.Mean.Count != architecture.Channels)
                throw new ArgumentException($"Preprocessing has {preprocessing.Mean.Count} channels, Arch {architecture.Channels}; make them the same.", nameof(Preprocessing));
            return preprocessing;
        }

        private float CheckMinimumRate(float rate)
        {
            float least = Guard.AtLeast(MinimumLearningRate ?? Math.Min(1e-5f, rate), 0f, nameof(MinimumLearningRate));
            return least <= rate
                ? least
                : throw new ArgumentOutOfRangeException(nameof(MinimumLearningRate), least, $"MinimumLearningRate is above LearningRate ({rate.ToString(CultureInfo.InvariantCulture)}); the rate falls from that one to this one.");
        }

        private float CheckCrop()
        {
            Guard.Above(RandomCropMinimumArea, 0f);
            return RandomCropMinimumArea <= 1
                ? RandomCropMinimumArea
                : throw new ArgumentOutOfRangeException(nameof(RandomCropMinimumArea), RandomCropMinimumArea, "RandomCropMinimumArea must be in (0, 1]; 1 keeps the whole image.");
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
