// The settings of a training as a table, the source of the command line options, the configuration file and the help.
using Microsoft.ML.VisionTransformer.Cli.Shell;
using static Microsoft.ML.VisionTransformer.VisionTransformerTrainer;

namespace Microsoft.ML.VisionTransformer.Cli.Settings;

/// <param name="Name">The name on the command line and in a configuration file, without dashes in front.</param>
/// <param name="Value">Placeholder of the value in the help; null for a switch, which needs no value.</param>
/// <param name="Help">The description, with the default.</param>
/// <param name="Apply">Parses the value and stores it in the request.</param>
/// <param name="Field">The field of the trainer's options, to recognize the setting in the trainer's errors; null if there is none.</param>
internal sealed record Setting(string Name, string? Value, string Help, Action<TrainRequest, SettingValue> Apply, string? Field = null)
{
    internal string Option => $"--{Name}";

    /// <summary>The values that the setting can have, if there are few.</summary>
    internal IReadOnlyList<string> Choices => Name == "pretrained" ? [.. VisionTransformerCheckpoint.ShortNames.Select(model => model.Name)] : Value is null ? ["true", "false"] : Value.Contains('|', StringComparison.Ordinal) ? Value.Split('|') : [];

    /// <summary>Whether the value is a file or folder.</summary>
    internal bool IsPath => Value is "folder" or "model.zip" or "file.html" or "model";
}

internal static class TrainSettings
{
    /// <summary>In the order of the help. A setting without a value changes nothing, so the trainer's defaults apply.</summary>
    internal static readonly IReadOnlyList<Setting> All =
    [
        .. Files(),
        .. Network(),
        .. Schedule(),
        .. Optimizer(),
        .. Images(),
        .. Evaluation(),
        .. Checkpointing(),
    ];

    private static readonly string[] _outputOptions = ["--out", "--report", "--no-report", "--force", "--workspace", "--resume", "--config"];

    private static readonly string[] _dataOptions = ["--data", "--test-data", "--test-fraction", "--validation-fraction", "--on-invalid-image"];

    private static readonly string[] _modelOptions = ["--pretrained", "--arch", "--image-size"];

    private static readonly string[] _trainingOptions =
    [
        "--strategy", "--epochs", "--batch-size", "--learning-rate", "--augmentation", "--class-weighting", "--early-stopping-patience", "--calibrate", "--precision", "--seed",
    ];

    /// <summary>The groups of the help: first the options that most people need, then the others as advanced ones.</summary>
    internal static readonly IReadOnlyList<OptionGroup> Groups =
    [
        new("Data", _dataOptions),
        new("Model", _modelOptions),
        new("Training", _trainingOptions),
        new("Output", _outputOptions),
        Advanced("Advanced: network", Network()),
        Advanced("Advanced: schedule", Schedule()),
        Advanced("Advanced: optimizer", Optimizer()),
        Advanced("Advanced: images", Images()),
        Advanced("Advanced: evaluation", Evaluation()),
        Advanced("Advanced: checkpoints and logs", Checkpointing()),
    ];

    /// <summary>The options of these settings that are in no basic group.</summary>
    private static OptionGroup Advanced(string title, Setting[] settings) =>
        new(title, [.. settings.Select(s => s.Option).Except(_dataOptions).Except(_modelOptions).Except(_trainingOptions).Except(_outputOptions)], Advanced: true);

    private static Setting[] Files() =>
    [
        new("data", "folder", "The images: folder/class/image, or a .csv file with the columns ImagePath and Label.",
            (r, v) => r.Data = v.Text),
        new("out", "model.zip", "The model file to write.", (r, v) => r.Out = v.Text),
        new("test-data", "folder", "Images to evaluate the final model on, in the form of --data. Default: split from --data.",
            (r, v) => r.TestData = v.Text),
        new("test-fraction", "fraction", "Fraction of each class to hold out for testing, at least 0 and below 1. Default 0.2; 0 trains on all images.",
            (r, v) => r.TestFraction = v.Number()),
        new("seed", "number", "Random seed. Default 0.", (r, v) => r.Seed = v.Whole()),
        new("report", "file.html", "The report file. Default: next to --out.", (r, v) => r.Report = v.Text),
        new("no-report", null, "Do not write a report.", (r, v) => r.NoReport = v.Switch()),
    ];

    private static Setting[] Network() =>
    [
        new("arch", "name", "The architecture, by its timm name. Default: that of the pretrained model, otherwise vit_tiny_patch16_224.",
            (r, v) => r.Architecture = Parsed(v), nameof(Options.Arch)),
        NetworkSetting("image-size", "pixels", "Input size of the network: the side of a square, or height x width, such as 48x80.",
            (a, v) => a with { ImageSize = v.Size() }),
        NetworkSetting("patch-size", "pixels", "Patch size: the side of a square, or height x width.",
            (a, v) => a with { PatchSize = v.Size() }),
        NetworkSetting("patch-stride", "pixels", "Distance between patches. Default: the patch size.",
            (a, v) => a with { PatchStride = v.Size() }),
        NetworkSetting("depth", "number", "Number of transformer blocks.", (a, v) => a with { Depth = v.Whole() }),
        NetworkSetting("embedding-dimension", "number", "Embedding dimension of a token.",
            (a, v) => a with { EmbeddingDimension = v.Whole() }),
        NetworkSetting("heads", "number", "Number of attention heads.", (a, v) => a with { Heads = v.Whole() }),
        NetworkSetting("mlp-ratio", "number", "Hidden dimension of the MLP as a multiple of the embedding dimension.",
            (a, v) => a with { MlpRatio = v.Number() }),
        NetworkSetting("pooling", Names<TokenPooling>(), "How tokens are pooled for the head.",
            (a, v) => a with { Pooling = v.Choice<TokenPooling>() }),
        NetworkSetting("position-embedding", Names<PositionEmbedding>(), "Kind of position embedding.",
            (a, v) => a with { PositionEmbedding = v.Choice<PositionEmbedding>() }),
        new("pretrained", "model", "A pretrained model to start from: a short name such as vit-tiny, a hub name owner/name, a checkpoint file or folder. Default: none, which trains from scratch.",
            (r, v) => r.Options.PretrainedModel = v.Text, nameof(Options.PretrainedModel)),
    ];

    private static Setting[] Schedule() =>
    [
        new("strategy", Names<TrainingStrategy>(), "Training strategy: initial weights, and which weights are trained. Default: depends on --pretrained and the number of images.",
            (r, v) => r.Options.Strategy = v.Choice<TrainingStrategy>(), nameof(Options.Strategy)),
        new("epochs", "number", "Number of epochs. Default 50 from scratch, 8 for fine-tuning.",
            (r, v) => r.Options.Epoch = v.Whole(), nameof(Options.Epoch)),
        new("batch-size", "number", "Images per batch. Default 32 from scratch, 16 for fine-tuning.",
            (r, v) => r.Options.BatchSize = v.Whole(), nameof(Options.BatchSize)),
        new("gradient-accumulation", "number", "Batches per weight update. Default 1.",
            (r, v) => r.Options.GradientAccumulation = v.Whole(), nameof(Options.GradientAccumulation)),
        new("frozen-blocks", "number", "Number of blocks to freeze, counted from the first. Default 0.",
            (r, v) => r.Options.FrozenBlocks = v.Whole(), nameof(Options.FrozenBlocks)),
        new("initialize-head-by-probe", null, "Fine-tuning: initialize the head with a linear probe. Default true.",
            (r, v) => r.Options.InitializeHeadByProbe = v.Switch(), nameof(Options.InitializeHeadByProbe)),
        new("probe-penalty", "number", "Linear probe: L2 penalty. Default: chosen by cross-validation.",
            (r, v) => r.Options.ProbePenalty = v.Number(), nameof(Options.ProbePenalty)),
        new("learning-curve", null, "Linear probe: measure how its accuracy grows with the number of images, for the report. Default true where a probe runs.",
            (r, v) => r.LearningCurve = v.Switch(), nameof(Options.LearningCurve)),
        new("precision", Names<TrainingPrecision>(), "Numeric precision of the forward and backward passes. Default float32.",
            (r, v) => r.Options.Precision = v.Choice<TrainingPrecision>(), nameof(Options.Precision)),
        new("distributed", Names<DistributedTraining>(), "Whether the processes started by mpirun train one model together. Default auto.",
            (r, v) => r.Options.Distributed = v.Choice<DistributedTraining>(), nameof(Options.Distributed)),
        new("device", "name", "auto, cpu, cuda, cuda:1 or mps. Default auto.", (r, v) => r.Options.Device = v.Text, nameof(Options.Device)),
    ];

    private static Setting[] Optimizer() =>
    [
        new("optimizer", Names<TrainingOptimizer>(), "Optimizer. Default adam-w.",
            (r, v) => r.Options.Optimizer = v.Choice<TrainingOptimizer>(), nameof(Options.Optimizer)),
        new("learning-rate", "number", "Learning rate after warm-up. Default 5e-4 from scratch, 1e-4 for fine-tuning.",
            (r, v) => r.Options.LearningRate = v.Number(), nameof(Options.LearningRate)),
        new("learning-rate-schedule", Names<TrainingSchedule>(), "Learning rate schedule after warm-up. Default cosine.",
            (r, v) => r.Options.LearningRateSchedule = v.Choice<TrainingSchedule>(), nameof(Options.LearningRateSchedule)),
        new("distributed-learning-rate", Names<LearningRateScaling>(), "Scaling of the learning rate under mpirun: by the number of processes, by its square root, or none. Default none.",
            (r, v) => r.Options.DistributedLearningRate = v.Choice<LearningRateScaling>(), nameof(Options.DistributedLearningRate)),
        new("minimum-learning-rate", "number", "Final learning rate. Default 1e-5 from scratch, 1e-6 for fine-tuning.",
            (r, v) => r.Options.MinimumLearningRate = v.Number(), nameof(Options.MinimumLearningRate)),
        new("warmup-epochs", "number", "Epochs of learning rate warm-up. Default: depends on --strategy.",
            (r, v) => r.Options.WarmupEpochs = v.Number(), nameof(Options.WarmupEpochs)),
        new("weight-decay", "number", "Weight decay. Default 0.05.",
            (r, v) => r.Options.WeightDecay = v.Number(), nameof(Options.WeightDecay)),
        new("layer-decay", "number", "Layer-wise learning rate decay: factor per block. Default 0.75 for fine-tuning, otherwise 1.",
            (r, v) => r.Options.LayerDecay = v.Number(), nameof(Options.LayerDecay)),
        new("head-learning-rate-factor", "number", "Learning rate of the head as a multiple of the learning rate. Default 10 for a new head on a pretrained model, otherwise 1.",
            (r, v) => r.Options.HeadLearningRateFactor = v.Number(), nameof(Options.HeadLearningRateFactor)),
        new("momentum", "number", "Momentum of SGD, beta1 of AdamW. Default 0.9.",
            (r, v) => r.Options.Momentum = v.Number(), nameof(Options.Momentum)),
        new("beta2", "number", "Beta2 of AdamW. Default 0.999.", (r, v) => r.Options.Beta2 = v.Number(), nameof(Options.Beta2)),
        new("nesterov", null, "Whether SGD uses Nesterov momentum. Default true.",
            (r, v) => r.Options.Nesterov = v.Switch(), nameof(Options.Nesterov)),
        new("clip-gradient-norm", "number", "Maximum gradient norm; 0 disables clipping. Default 1.",
            (r, v) => r.Options.ClipGradientNorm = v.Number(), nameof(Options.ClipGradientNorm)),
        new("ema-decay", "number", "Decay of an exponential moving average (EMA) of the weights. Default: no EMA.",
            (r, v) => r.Options.EmaDecay = v.Number(), nameof(Options.EmaDecay)),
        new("ema-warmup", null, "Whether the EMA decay is smaller in the first steps. Default true.",
            (r, v) => r.Options.EmaWarmup = v.Switch(), nameof(Options.EmaWarmup)),
        new("label-smoothing", "fraction", "Fraction of each target distributed over all classes. Default 0.1.",
            (r, v) => r.Options.LabelSmoothing = v.Number(), nameof(Options.LabelSmoothing)),
        new("drop-path-rate", "fraction", "Drop path rate of the last block. Default 0.1 for fine-tuning, otherwise that of the architecture.",
            (r, v) => r.Options.DropPathRate = v.Number(), nameof(Options.DropPathRate)),
        new("class-weighting", Names<ClassWeighting>(), "Weighting of rare classes. Default none.",
            (r, v) => r.Options.ClassWeighting = v.Choice<ClassWeighting>(), nameof(Options.ClassWeighting)),
        new("class-weights", "name=number,...", "The weight of each class.",
            (r, v) => r.Options.ClassWeights = v.NamedValues(), nameof(Options.ClassWeights)),
    ];

    private static Setting[] Images() =>
    [
        AugmentationSetting("augmentation", "none|default|light|deit|three-augment", "Augmentation preset. Default: depends on --strategy.",
            (_, v) => Preset(v)),
        AugmentationSetting("erasing", "probability", "Probability of random erasing.",
            (a, v) => a with { ErasingProbability = v.Number() }, nameof(TrainingAugmentations.ErasingProbability)),
        AugmentationSetting("mixup", "alpha", "Mixup alpha; 0 disables mixup.",
            (a, v) => a with { MixupAlpha = v.Number() }, nameof(TrainingAugmentations.MixupAlpha)),
        AugmentationSetting("cutmix", "alpha", "CutMix alpha; 0 disables CutMix.",
            (a, v) => a with { CutmixAlpha = v.Number() }, nameof(TrainingAugmentations.CutmixAlpha)),
        new("random-crop-minimum-area", "fraction", "Minimum fraction of the image area that a random crop keeps. Default 0.08 from scratch, 0.5 for fine-tuning.",
            MinimumArea, nameof(Options.RandomCropMinimumArea)),
        new("horizontal-flip", null, "Whether training flips images horizontally at random. Default true.",
            Flip, nameof(Options.HorizontalFlip)),
        PreprocessingSetting("resizing", Names<ImageResizing>(), "How an image is fitted to the input size. Default: that of the model.",
            (p, v) => p with { Resizing = v.Choice<ImageResizing>() }),
        PreprocessingSetting("interpolation", Names<ImageInterpolation>(), "Interpolation for resizing. Default: that of the model.",
            (p, v) => p with { Interpolation = v.Choice<ImageInterpolation>() }),
        PreprocessingSetting("crop-fraction", "fraction", "Fraction of the shorter image side that the center crop keeps. Default: that of the model.",
            (p, v) => p with { CropFraction = v.Number() }),
        PreprocessingSetting("allow-truncated", null, "Whether to accept truncated image files. Default false.",
            (p, v) => p with { AllowTruncated = v.Switch() }),
        new("on-invalid-image", "throw|skip", "What to do with an image that cannot be read. Default throw.",
            (r, v) => r.Options.OnInvalidImage = v.Choice<InvalidImageHandling>(), nameof(Options.OnInvalidImage)),
        new("on-invalid-image-in-prediction", "throw|missing", "The same, for predictions of the saved model in ML.NET. Default throw.",
            (r, v) => r.Options.OnInvalidImageInPrediction = v.Choice<InvalidImageHandling>(), nameof(Options.OnInvalidImageInPrediction)),
    ];

    private static Setting[] Evaluation() =>
    [
        new("validation-fraction", "fraction", "Fraction of each class used for validation. Default 0.1.",
            (r, v) => r.Options.ValidationSetFraction = v.Number(), nameof(Options.ValidationSetFraction)),
        new("early-stopping-patience", "epochs", "Stop after this many epochs without improvement. Default: no early stopping.",
            (r, v) => r.EarlyStoppingPatience = v.Whole(), "patience"),
        new("early-stopping-min-delta", "number", "Minimum improvement. Default 0.01.",
            (r, v) => r.EarlyStoppingMinDelta = v.Number(), "minDelta"),
        new("early-stopping-metric", Names<EarlyStoppingMetric>(), "Metric to monitor. Default accuracy.",
            (r, v) => r.EarlyStoppingMetric = v.Choice<EarlyStoppingMetric>(), "metric"),
        new("calibrate", null, "Calibrate the probabilities on the validation images. Default false.",
            (r, v) => r.Options.Calibrate = v.Switch(), nameof(Options.Calibrate)),
    ];

    private static Setting[] Checkpointing() =>
    [
        new("workspace", "folder", "Folder for checkpoints and logs. Default: next to --out.",
            (r, v) => r.Options.WorkspacePath = v.Text, nameof(Options.WorkspacePath)),
        new("checkpoint-minutes", "number", "Minutes between checkpoints within an epoch; 0 writes checkpoints only after epochs. Default 10.",
            (r, v) => r.Options.CheckpointInterval = TimeSpan.FromMinutes(v.Number()), nameof(Options.CheckpointInterval)),
        new("logs", "csv,tensor-board", "Log files in the workspace. Default none.",
            (r, v) => r.Options.Logs = v.Choices<TrainingLogs>(), nameof(Options.Logs)),
    ];

    private static Setting NetworkSetting(string name, string value, string help, Func<VisionTransformerArchitecture, SettingValue, VisionTransformerArchitecture> change) =>
        new(name, value, $"{help.TrimEnd('.')}{(help.Contains("Default", StringComparison.Ordinal) ? "." : ". Default: that of --arch.")}", (r, v) => r.ArchitectureChanges.Add(Checked(change, v)));

    private static Setting PreprocessingSetting(string name, string? value, string help, Func<ImagePreprocessing, SettingValue, ImagePreprocessing> change) =>
        new(name, value, help, (r, v) => r.PreprocessingChanges.Add(Checked(change, v)));

    private static Setting AugmentationSetting(string name, string value, string help, Func<TrainingAugmentations, SettingValue, TrainingAugmentations> change, string? field = null) =>
        new(name, value, help, (r, v) => r.AugmentationChanges.Add(Checked(change, v)), field);

    private static void MinimumArea(TrainRequest request, SettingValue value)
    {
        float area = value.Number();
        request.Options.RandomCropMinimumArea = area;
        request.CropAndFlipChanges.Add(a => a with { RandomCrop = true, CropMinimumArea = area });
    }

    private static void Flip(TrainRequest request, SettingValue value)
    {
        bool flips = value.Switch();
        request.Options.HorizontalFlip = flips;
        request.CropAndFlipChanges.Add(a => a with { HorizontalFlipProbability = flips ? 0.5 : 0 });
    }

    /// <summary>Applies the change once to a default object, so that an invalid value is rejected before any work starts.</summary>
    private static Func<T, T> Checked<T>(Func<T, SettingValue, T> change, SettingValue value) where T : new()
    {
        change(new T(), value);
        return original => change(original, value);
    }

    private static VisionTransformerArchitecture Parsed(SettingValue value)
    {
        try
        {
            return VisionTransformerArchitecture.Parse(value.Text);
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"{value.Source}: {FailureMessage.Of(e)}", e);
        }
    }

    private static TrainingAugmentations Preset(SettingValue value) => value.Text.ToLowerInvariant() switch
    {
        "none" => TrainingAugmentations.None,
        "default" => new TrainingAugmentations(),
        "light" => TrainingAugmentations.Light,
        "deit" => TrainingAugmentations.DeiT,
        "three-augment" => TrainingAugmentations.ThreeAugment,
        _ => throw new UsageException($"{value.Source} is '{value.Text}'; it must be none, default, light, deit or three-augment."),
    };

    private static string Names<T>() where T : struct, Enum => string.Join('|', SettingValue.Names<T>());
}
