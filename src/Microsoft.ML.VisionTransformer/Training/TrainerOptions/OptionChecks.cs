// Checks the trainer's options before a pretrained model is opened or data is read.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Columns;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Interop;
using Options = Microsoft.ML.VisionTransformer.VisionTransformerTrainer.Options;

namespace Microsoft.ML.VisionTransformer.Training.TrainerOptions;

/// <summary>Every option is checked once. Checks that depend on the network run once it is known: with the options, or with the pretrained model.</summary>
internal static class OptionChecks
{
    /// <summary>All checks that depend on the options only.</summary>
    /// <exception cref="ArgumentException">A value is not allowed; the message names it.</exception>
    internal static void Check(Options o)
    {
        CheckRecipe(o);
        CheckValidation(o);
        CheckFiles(o);
        ComputeDevice.Parse(Guard.NotBlank(o.Device));
        Guard.Defined(o.OnCancellation);
    }

    /// <summary>The checks that options without a validation set, files and a device, as a model file stores them, pass too.</summary>
    /// <exception cref="ArgumentException">A value is not allowed; the message names it.</exception>
    internal static void CheckRecipe(Options o)
    {
        CheckColumns(o);
        CheckStrategy(o);
        CheckCombinations(o);
        CheckLength(o);
        CheckOptimizer(o);
        CheckClassWeights(o);
        CheckImages(o);
        CheckValidationFraction(o);
    }

    /// <summary>Checks that depend on the network, given by the options or the pretrained model.</summary>
    /// <param name="o">The options.</param>
    /// <param name="architecture">The network.</param>
    /// <param name="preprocessing">The preprocessing of its images.</param>
    /// <exception cref="ArgumentException">An option is not compatible with the network.</exception>
    internal static void CheckNetwork(Options o, VisionTransformerArchitecture architecture, ImagePreprocessing preprocessing)
    {
        string network = o.Arch is not null ? "Arch" : o.PretrainedModel is not null ? "the pretrained model" : "the default network";
        if (architecture.Channels is not (1 or 3))
        {
            string option = o.Arch is null && o.PretrainedModel is not null ? nameof(Options.PretrainedModel) : nameof(Options.Arch);
            throw new ArgumentException($"{option} has {architecture.Channels} channels; images are read as 3 (red, green, blue) or 1 (gray).", option);
        }

        preprocessing.Check();
        if (preprocessing.Size != architecture.ImageSize)
            throw new ArgumentException($"Preprocessing makes images of {preprocessing.Size}, but {network} takes {architecture.ImageSize}; make them the same.", nameof(Options.Preprocessing));
        if (preprocessing.Mean.Count != architecture.Channels)
            throw new ArgumentException($"Preprocessing has {preprocessing.Mean.Count} channels, but {network} has {architecture.Channels}; make them the same.", nameof(Options.Preprocessing));
        if (o.FrozenBlocks > architecture.Depth)
            throw new ArgumentOutOfRangeException(nameof(Options.FrozenBlocks), o.FrozenBlocks, $"FrozenBlocks must be from 0 to the number of blocks of {network}, which is {architecture.Depth}.");
    }

    /// <summary>The first option that is set and is an error for a linear probe; null if there is none.</summary>
    internal static string? SetForFineTuning(Options o)
    {
        (string Name, bool IsSet)[] unused =
        [
            (nameof(Options.Augmentation), o.Augmentation is not null && o.Augmentation != TrainingAugmentations.None),
            (nameof(Options.FrozenBlocks), o.FrozenBlocks != 0),
            (nameof(Options.EmaDecay), o.EmaDecay is not null),
            (nameof(Options.GradientAccumulation), o.GradientAccumulation != 1),
            (nameof(Options.Optimizer), o.Optimizer != TrainingOptimizer.AdamW),
            (nameof(Options.LearningRateSchedule), o.LearningRateSchedule != TrainingSchedule.Cosine),
            (nameof(Options.Precision), o.Precision != TrainingPrecision.Float32),
            (nameof(Options.EarlyStoppingCriteria), o.EarlyStoppingCriteria is not null),
        ];
        return Array.Find(unused, option => option.IsSet).Name;
    }

    /// <summary>Options that are set and that a linear probe ignores without an error.</summary>
    internal static string[] UnusedByProbe(Options o)
    {
        (string Name, bool IsSet)[] unused =
        [
            (nameof(Options.LearningRate), o.LearningRate is not null),
            (nameof(Options.MinimumLearningRate), o.MinimumLearningRate is not null),
            (nameof(Options.WarmupEpochs), o.WarmupEpochs is not null),
            (nameof(Options.LayerDecay), o.LayerDecay is not null),
            (nameof(Options.HeadLearningRateFactor), o.HeadLearningRateFactor is not null),
            (nameof(Options.DropPathRate), o.DropPathRate is not null),
            (nameof(Options.RandomCropMinimumArea), o.RandomCropMinimumArea is not null),
        ];
        return [.. unused.Where(option => option.IsSet).Select(option => option.Name)];
    }

    private static void CheckColumns(Options o)
    {
        Guard.NotBlank(o.LabelColumnName);
        Guard.NotBlank(o.FeatureColumnName);
        if (o.ExampleWeightColumnName is not null)
            Guard.NotBlank(o.ExampleWeightColumnName);
        OutputColumns.Check(
            [(nameof(Options.PredictedLabelColumnName), o.PredictedLabelColumnName), (nameof(Options.ScoreColumnName), o.ScoreColumnName)],
            [
                (nameof(Options.LabelColumnName), o.LabelColumnName),
                (nameof(Options.FeatureColumnName), o.FeatureColumnName),
                (nameof(Options.ExampleWeightColumnName), o.ExampleWeightColumnName),
            ]);
    }

    private static void CheckStrategy(Options o)
    {
        if (o.PretrainedModel is not null)
            Guard.NotBlank(o.PretrainedModel);
        if (o.Strategy is not { } strategy)
            return;
        Guard.Defined(strategy, nameof(Options.Strategy));
        Guard.That(
            strategy == TrainingStrategy.FromScratch == o.PretrainedModel is null,
            nameof(Options.Strategy),
            $"Strategy is {strategy} and PretrainedModel {(o.PretrainedModel is null ? "is null: name the model to start from, or train FromScratch" : "is set: leave it null, or choose FineTune or LinearProbe")}.");
    }

    /// <summary>
    /// Rejects options that contradict each other or that the strategy does not use. If no strategy is set, one that uses all of them is chosen.
    /// </summary>
    private static void CheckCombinations(Options o)
    {
        Guard.That(
            o.LearningRateSchedule != TrainingSchedule.Constant || o.MinimumLearningRate is null,
            nameof(Options.MinimumLearningRate),
            "MinimumLearningRate is set and LearningRateSchedule is Constant, which never decays: leave one of them at its default.");
        var strategy = o.Strategy ?? (o.PretrainedModel is null ? TrainingStrategy.FromScratch : null);
        Guard.That(
            strategy != TrainingStrategy.FromScratch || o.FrozenBlocks == 0,
            nameof(Options.FrozenBlocks),
            "FrozenBlocks is set and Strategy is FromScratch: blocks with random weights would never learn. Set PretrainedModel, or leave FrozenBlocks at 0.");
        Guard.That(
            strategy is null or TrainingStrategy.LinearProbe || o.ProbePenalty is null,
            nameof(Options.ProbePenalty),
            $"ProbePenalty is set and Strategy is {strategy}: it applies to LinearProbe only; the other strategies use WeightDecay.");
        Guard.That(
            strategy != TrainingStrategy.FromScratch || !o.LearningCurve,
            nameof(Options.LearningCurve),
            "LearningCurve is set and Strategy is FromScratch: it measures a linear probe of a pretrained model. Set PretrainedModel, or leave LearningCurve off.");
        Guard.That(
            strategy != TrainingStrategy.FineTune || o.InitializeHeadByProbe || !o.LearningCurve,
            nameof(Options.LearningCurve),
            "LearningCurve is set and InitializeHeadByProbe is false: it measures the linear probe that initializes the head. Leave one of them at its default, or set Strategy to LinearProbe.");
        string? forFineTuning = SetForFineTuning(o);
        Guard.That(
            strategy is not null || forFineTuning is null || o.ProbePenalty is null,
            nameof(Options.ProbePenalty),
            $"ProbePenalty, which applies to LinearProbe only, is set together with {forFineTuning}, which does not apply to it: leave one of them at its default.");
        if (strategy != TrainingStrategy.LinearProbe || forFineTuning is null)
            return;
        throw forFineTuning == nameof(Options.Augmentation)
            ? new ArgumentException("Augmentation is set and Strategy is LinearProbe, which processes each image once, unchanged: leave Augmentation null, or choose FineTune.", forFineTuning)
            : new ArgumentException($"{forFineTuning} is set and Strategy is LinearProbe, which trains only the head, to convergence by L-BFGS: leave {forFineTuning} at its default, or choose FineTune.", forFineTuning);
    }

    private static void CheckLength(Options o)
    {
        Guard.AtLeast(o.Epoch ?? 1, 1, nameof(Options.Epoch));
        Guard.AtLeast(o.BatchSize ?? 1, 1, nameof(Options.BatchSize));
        Guard.AtLeast(o.GradientAccumulation, 1);
        Guard.InRange(o.WarmupEpochs ?? 0, 0f, float.PositiveInfinity, nameof(Options.WarmupEpochs));
        Guard.Defined(o.Distributed);
        Guard.Defined(o.Precision);
    }

    private static void CheckOptimizer(Options o)
    {
        Guard.Defined(o.Optimizer);
        Guard.InRange(o.Momentum, 0f, 1f);
        Guard.InRange(o.Beta2, 0f, 1f);
        Guard.Defined(o.LearningRateSchedule);
        Guard.Defined(o.DistributedLearningRate);
        // Both strategies possible with a pretrained model have the same default rate.
        float rate = Guard.Above(o.LearningRate ?? StrategyDefaults.Of(StrategyDefaults.Choose(o, null).Strategy, 0).LearningRate, 0f, nameof(Options.LearningRate));
        float minimum = Guard.AtLeast(o.MinimumLearningRate ?? 0, 0f, nameof(Options.MinimumLearningRate));
        if (!(minimum <= rate))
            throw new ArgumentOutOfRangeException(nameof(Options.MinimumLearningRate), minimum, $"MinimumLearningRate is above LearningRate ({rate.ToString(CultureInfo.InvariantCulture)}); it must be at most LearningRate.");
        Guard.InRange(o.WeightDecay, 0f, float.PositiveInfinity);
        CheckFraction(o.LayerDecay ?? 1, nameof(Options.LayerDecay), "1 gives all layers the same rate");
        Guard.Above(o.HeadLearningRateFactor ?? 1, 0f, nameof(Options.HeadLearningRateFactor));
        if (o.FrozenBlocks < 0)
            throw new ArgumentOutOfRangeException(nameof(Options.FrozenBlocks), o.FrozenBlocks, "FrozenBlocks must be from 0 to the number of blocks of the network.");
        Guard.InRange(o.EmaDecay ?? 0, 0f, 1f, nameof(Options.EmaDecay));
        Guard.InRange(o.ProbePenalty ?? 0, 0f, float.PositiveInfinity, nameof(Options.ProbePenalty));
        Guard.InRange(o.LabelSmoothing, 0f, 1f);
        Guard.InRange(o.ClipGradientNorm, 0f, float.PositiveInfinity);
        Guard.InRange(o.DropPathRate ?? 0, 0f, 1f, nameof(Options.DropPathRate));
    }

    private static void CheckClassWeights(Options o)
    {
        Guard.Defined(o.ClassWeighting);
        if (o.ClassWeights is null)
            return;
        Guard.That(
            o.ClassWeighting == ClassWeighting.None,
            nameof(Options.ClassWeights),
            $"ClassWeights is set and ClassWeighting is {o.ClassWeighting}: leave one of them at its default.");
        foreach (var (name, weight) in o.ClassWeights)
            Guard.That(weight >= 0 && float.IsFinite(weight), nameof(Options.ClassWeights), FormattableString.Invariant($"ClassWeights[\"{name}\"] is {weight}; it must be at least 0 and finite."));
    }

    private static void CheckImages(Options o)
    {
        o.Arch?.Check();
        if (o.Arch is null && o.PretrainedModel is not null)
            o.Preprocessing?.Check();
        InvalidImageRules.ForTraining(o.OnInvalidImage, nameof(Options.OnInvalidImage));
        InvalidImageRules.ForPrediction(o.OnInvalidImageInPrediction, nameof(Options.OnInvalidImageInPrediction));
        Guard.AtLeast(o.ImageMemoryLimitBytes ?? 0, 0L, nameof(Options.ImageMemoryLimitBytes));
        if (o.RandomCropMinimumArea is { } area)
            CheckFraction(area, nameof(Options.RandomCropMinimumArea), "1 keeps the whole image");
        if (o.Augmentation?.Check() is not { } augmentation)
            return;
        if (o.RandomCropMinimumArea is { } given && !(augmentation.RandomCrop && (float)augmentation.CropMinimumArea == given))
            throw Contradiction(nameof(Options.RandomCropMinimumArea), given, nameof(TrainingAugmentations.CropMinimumArea));
        if (!o.HorizontalFlip && augmentation.HorizontalFlipProbability > 0)
            throw Contradiction(nameof(Options.HorizontalFlip), o.HorizontalFlip, nameof(TrainingAugmentations.HorizontalFlipProbability));
    }

    private static float CheckValidationFraction(Options o) => Guard.InRange(o.ValidationSetFraction ?? 0, 0f, 1f, nameof(Options.ValidationSetFraction));

    private static void CheckValidation(Options o)
    {
        float fraction = CheckValidationFraction(o);
        if (o.ValidationSet is not null || fraction > 0)
            return;
        Guard.That(!o.Calibrate, nameof(Options.Calibrate), "Calibrate is set, but there are no validation rows to calibrate on: set ValidationSet or ValidationSetFraction.");
        Guard.That(
            o.EarlyStoppingCriteria is null,
            nameof(Options.EarlyStoppingCriteria),
            "EarlyStoppingCriteria is set, but there are no validation rows to monitor: set ValidationSet or ValidationSetFraction.");
    }

    private static void CheckFiles(Options o)
    {
        if (o.WorkspacePath is not null)
            Guard.NotBlank(o.WorkspacePath);
        if (o.CheckpointInterval < TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(Options.CheckpointInterval), o.CheckpointInterval, "CheckpointInterval must be at least zero.");
        Guard.That((o.Logs & ~(TrainingLogs.Csv | TrainingLogs.TensorBoard)) == 0, nameof(Options.Logs), $"Logs is {o.Logs}; it must be None, or any combination of Csv and TensorBoard.");
        Guard.That(o.Logs == TrainingLogs.None || o.WorkspacePath is not null, nameof(Options.Logs), $"Logs is {o.Logs} and WorkspacePath is null: set WorkspacePath to the folder for the files.");
    }

    private static ArgumentException Contradiction(string option, object value, string property) => new(
        FormattableString.Invariant($"{option} is {value}, but Augmentation is set and contradicts it: set {property} there and leave {option} at its default."), option);

    private static void CheckFraction(float value, string name, string whatOneMeans)
    {
        Guard.Above(value, 0f, name);
        if (value > 1)
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be above 0 and at most 1; {whatOneMeans}.");
    }
}
