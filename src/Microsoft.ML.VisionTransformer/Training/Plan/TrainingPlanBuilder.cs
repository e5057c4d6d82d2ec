// Builds the plan of a training run from the trainer's options, the pretrained model and a summary of the data.
using System.Reflection;
using Microsoft.ML.VisionTransformer.Checkpoints.Fitting;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Input;
using Microsoft.ML.VisionTransformer.Training.Distributed;
using Microsoft.ML.VisionTransformer.Training.TrainerOptions;

namespace Microsoft.ML.VisionTransformer.Training.Plan;

/// <summary>The only reader of the option values: defaults and dependencies between options are defined here and in <see cref="StrategyDefaults"/>.</summary>
internal sealed class TrainingPlanBuilder
{
    private const float FewestValidationRows = 50;
    private const string DefaultArchitecture = "vit_tiny_patch16_224";

    /// <summary>Checks the options and copies them; later changes to them have no effect.</summary>
    /// <exception cref="ArgumentException">A value is not allowed; the message names it.</exception>
    internal TrainingPlanBuilder(VisionTransformerTrainer.Options options)
    {
        Options = Copy(Guard.NotNull(options));
        OptionChecks.Check(Options);
        if (Options.Arch is not null || Options.PretrainedModel is null)
            Network(null);
    }

    /// <summary>The checked copy; never modified.</summary>
    internal VisionTransformerTrainer.Options Options { get; }

    /// <summary>The columns that the model reads and writes.</summary>
    internal ColumnNames Columns => new(Options.FeatureColumnName, Options.ScoreColumnName, Options.PredictedLabelColumnName) { OnInvalidImage = Options.OnInvalidImageInPrediction };

    /// <summary>The plan.</summary>
    /// <param name="seed">Of the run.</param>
    /// <param name="checkpoint">The pretrained model; null for none.</param>
    /// <param name="data">Summary of the data; null before the data is read, with the defaults for small data sets.</param>
    /// <exception cref="ArgumentException">An option is not compatible with the pretrained model.</exception>
    internal TrainingPlan Build(int seed, VisionTransformerCheckpoint? checkpoint = null, TrainingDataSummary? data = null)
    {
        var o = Options;
        var (strategy, reason) = StrategyDefaults.Choose(o, data);
        var standard = StrategyDefaults.Of(strategy, data?.Images ?? 0);
        var (architecture, preprocessing) = Network(checkpoint);
        var head = data is null ? null : checkpoint?.PlanHead(data.ClassNames);
        int epochs = o.Epoch ?? standard.Epochs;
        float rate = o.LearningRate ?? standard.LearningRate;
        return new TrainingPlan
        {
            Strategy = strategy,
            StrategyReason = reason,
            Pretrained = o.PretrainedModel,
            Label = o.LabelColumnName,
            ExampleWeight = o.ExampleWeightColumnName,
            Columns = Columns,
            OnInvalidImage = o.OnInvalidImage,
            Architecture = architecture with
            {
                Classes = data?.ClassNames.Count ?? architecture.Classes,
                DropPathRate = o.DropPathRate ?? Math.Max(DefaultDropPathRate(standard), architecture.DropPathRate),
            },
            Preprocessing = preprocessing,
            Head = head,
            Epochs = epochs,
            BatchSize = o.BatchSize ?? standard.BatchSize,
            GradientAccumulation = o.GradientAccumulation,
            Optimizer = o.Optimizer,
            Momentum = o.Momentum,
            Beta2 = o.Beta2,
            Nesterov = o.Nesterov,
            Schedule = o.LearningRateSchedule,
            BaseLearningRate = rate,
            MinimumLearningRate = o.MinimumLearningRate ?? Math.Min(standard.MinimumLearningRate, rate),
            RateScaling = o.DistributedLearningRate,
            RateFactor = TrainingProcessGroup.RateFactor(o.DistributedLearningRate, data?.Processes ?? 1),
            Distributed = o.Distributed,
            WarmupEpochs = o.WarmupEpochs ?? standard.WarmupEpochs(epochs),
            WeightDecay = o.WeightDecay,
            LayerDecay = o.LayerDecay ?? standard.LayerDecay,
            HeadRateFactor = o.HeadLearningRateFactor ?? (head?.Fit == HeadFit.New ? standard.HeadRateFactor : 1),
            ProbesHead = strategy == TrainingStrategy.FineTune && head?.Fit == HeadFit.New && o.InitializeHeadByProbe,
            FrozenBlocks = o.FrozenBlocks,
            EmaDecay = o.EmaDecay ?? standard.EmaDecay,
            EmaWarmup = o.EmaWarmup,
            Precision = o.Precision,
            ClassWeighting = o.ClassWeighting,
            ClassWeights = o.ClassWeights,
            ProbePenalty = o.ProbePenalty,
            LearningCurve = o.LearningCurve,
            LabelSmoothing = o.LabelSmoothing,
            ClipGradientNorm = o.ClipGradientNorm,
            Augmentation = Augmentation(standard),
            AugmentationIsChosen = o.Augmentation is not null,
            ValidationSet = o.ValidationSet,
            ValidationFraction = ValidationFraction(strategy, data),
            EarlyStopping = o.EarlyStoppingCriteria,
            MetricsCallback = o.MetricsCallback,
            Calibrate = o.Calibrate,
            OnCancellation = o.OnCancellation,
            ImageMemoryLimit = o.ImageMemoryLimitBytes ?? ImageStore.DefaultMemoryLimit,
            Workspace = o.WorkspacePath,
            CheckpointInterval = o.CheckpointInterval,
            Logs = o.Logs,
            Device = o.Device,
            CancellationToken = o.CancellationToken,
            Seed = seed,
        };
    }

    /// <summary>Copies every field, and the contents of mutable collections.</summary>
    private static VisionTransformerTrainer.Options Copy(VisionTransformerTrainer.Options options)
    {
        var copy = new VisionTransformerTrainer.Options();
        foreach (var field in typeof(VisionTransformerTrainer.Options).GetFields(BindingFlags.Public | BindingFlags.Instance))
            field.SetValue(copy, field.GetValue(options));
        copy.ClassWeights = options.ClassWeights?.ToDictionary(StringComparer.Ordinal);
        return copy;
    }

    /// <summary>The architecture to train, with its own number of classes, and the preprocessing of its images.</summary>
    private (VisionTransformerArchitecture Architecture, ImagePreprocessing Preprocessing) Network(VisionTransformerCheckpoint? checkpoint)
    {
        var architecture = checkpoint is null ? Options.Arch ?? VisionTransformerArchitecture.Parse(DefaultArchitecture) : ForTask(checkpoint.Architecture);
        var preprocessing = Options.Preprocessing ?? checkpoint?.Preprocessing ?? ImagePreprocessing.For(architecture);
        OptionChecks.CheckNetwork(Options, architecture, preprocessing);
        return (architecture, preprocessing);
    }

    /// <summary>Drops pretraining layers that a fine-tuned classifier does not use; transformers and timm drop them too.</summary>
    private static VisionTransformerArchitecture ForTask(VisionTransformerArchitecture pretrained) => pretrained with
    {
        RepresentationDimension = 0,
        HeadBias = true,
        Pooling = pretrained.Pooling == TokenPooling.None ? TokenPooling.Average : pretrained.Pooling,
    };

    /// <summary>If the user gives the architecture of a pretrained model, the rate of that architecture applies.</summary>
    private double DefaultDropPathRate(StrategyDefaults standard) => Options.PretrainedModel is not null && Options.Arch is not null ? 0 : standard.DropPathRate;

    private TrainingAugmentations Augmentation(StrategyDefaults standard) => Options.Augmentation
        ?? standard.AugmentationWith(Options.RandomCropMinimumArea) with { HorizontalFlipProbability = Options.HorizontalFlip ? 0.5 : 0 };

    private float ValidationFraction(TrainingStrategy strategy, TrainingDataSummary? data)
    {
        if (Options.ValidationSet is not null)
            return 0;
        float fraction = Options.ValidationSetFraction ?? 0;
        bool tooFew = data is not null && data.Images * fraction < FewestValidationRows;
        bool needed = Options.EarlyStoppingCriteria is not null || Options.Calibrate;
        return strategy == TrainingStrategy.FineTune && fraction == StrategyDefaults.ValidationFraction && tooFew && !needed ? 0 : fraction;
    }
}
