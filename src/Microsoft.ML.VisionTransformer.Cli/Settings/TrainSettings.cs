// The settings of a training, as a table: the command line, the configuration file and the help are all made from it.
using Microsoft.ML.VisionTransformer.Cli.Shell;
using static Microsoft.ML.VisionTransformer.VisionTransformerTrainer;

namespace Microsoft.ML.VisionTransformer.Cli.Settings;

internal static class TrainSettings
{
    /// <summary>In the order of the help. Defaults of the trainer are the trainer's: a setting that is not given sets nothing.</summary>
    internal static readonly IReadOnlyList<Setting> All =
    [
        .. Files(),
        .. Network(),
        .. Course(),
        .. Optimizer(),
        .. Images(),
        .. Evaluation(),
        .. Survival(),
    ];

    private static Setting[] Files() =>
    [
        new("data", "folder", "The images: folder/class/image, or a .csv file with the columns ImagePath and Label.", (r, v) => r.Data = v.Text),
        new("out", "model.zip", "Where the model goes.", (r, v) => r.Out = v.Text),
        new("test-data", "folder", "Images to judge the model on at the end, like --data. Default: cut from --data.", (r, v) => r.TestData = v.Text),
        new("test-fraction", "share", "Share of each class that is kept for that, in [0, 1). Default 0.2; 0 trains on all images.", (r, v) => r.TestFraction = v.Number()),
        new("seed", "number", "Of all that is drawn by chance. Default 0.", (r, v) => r.Seed = v.Whole()),
        new("report", "file.html", "Where the report goes. Default: beside --out.", (r, v) => r.Report = v.Text),
        new("no-report", null, "Write no report.", (r, v) => r.NoReport = v.Switch()),
    ];

    private static Setting[] Network() =>
    [
        new("arch", "name", "The network, by timm's name. Default: the pretrained model's, else vit_tiny_patch16_224.", (r, v) => r.Architecture = Parsed(v), nameof(Options.Arch)),
        Part("image-size", "pixels", "Side of the network's input, or height x width as 48x80.", (a, v) => a with { ImageSize = v.Size() }),
        Part("patch-size", "pixels", "Side of a patch.", (a, v) => a with { PatchSize = v.Size() }),
        Part("patch-stride", "pixels", "Distance between patches. Default: their size.", (a, v) => a with { PatchStride = v.Size() }),
        Part("depth", "number", "Blocks.", (a, v) => a with { Depth = v.Whole() }),
        Part("embedding-dimension", "number", "Width of a token.", (a, v) => a with { EmbeddingDimension = v.Whole() }),
        Part("heads", "number", "Attention heads.", (a, v) => a with { Heads = v.Whole() }),
        Part("mlp-ratio", "number", "Width of the MLP, in token widths.", (a, v) => a with { MlpRatio = v.Number() }),
        Part("pooling", Names<TokenPooling>(), "What the head sees.", (a, v) => a with { Pooling = v.Choice<TokenPooling>() }),
        Part("position-embedding", Names<PositionEmbedding>(), "How places are told.", (a, v) => a with { PositionEmbedding = v.Choice<PositionEmbedding>() }),
        new("pretrained", "model", "A checkpoint to start from: file, folder, or a hub's owner/name. Default: none.", (r, v) => r.Options.PretrainedModel = v.Text, nameof(Options.PretrainedModel)),
    ];

    private static Setting[] Course() =>
    [
        new("strategy", Names<TrainingStrategy>(), "Where training starts and what it changes. Default: by --pretrained and the number of images.", (r, v) => r.Options.Strategy = v.Choice<TrainingStrategy>(), nameof(Options.Strategy)),
        new("epochs", "number", "Passes over the images. Default 50 from scratch, 8 for fine-tuning.", (r, v) => r.Options.Epoch = v.Whole(), nameof(Options.Epoch)),
        new("batch-size", "number", "Images at once. Default 32 from scratch, 16 for fine-tuning.", (r, v) => r.Options.BatchSize = v.Whole(), nameof(Options.BatchSize)),
        new("gradient-accumulation", "number", "Batches for one update of the weights. Default 1.", (r, v) => r.Options.GradientAccumulation = v.Whole(), nameof(Options.GradientAccumulation)),
        new("frozen-blocks", "number", "First blocks that stay as they are. Default 0.", (r, v) => r.Options.FrozenBlocks = v.Whole(), nameof(Options.FrozenBlocks)),
        new("initialize-head-by-probe", null, "Fine-tuning: begin with the head of a linear probe. Default true.", (r, v) => r.Options.InitializeHeadByProbe = v.Switch(), nameof(Options.InitializeHeadByProbe)),
        new("probe-penalty", "number", "Linear probe: penalty of its weights. Default: by cross-validation.", (r, v) => r.Options.ProbePenalty = v.Number(), nameof(Options.ProbePenalty)),
        new("precision", Names<TrainingPrecision>(), "Numbers of the passes. Default float32.", (r, v) => r.Options.Precision = v.Choice<TrainingPrecision>(), nameof(Options.Precision)),
        new("distributed", Names<DistributedTraining>(), "Whether the processes that mpirun starts train one model. Default auto.", (r, v) => r.Options.Distributed = v.Choice<DistributedTraining>(), nameof(Options.Distributed)),
        new("device", "name", "auto, cpu, cuda, cuda:1 or mps. Default auto.", (r, v) => r.Options.Device = v.Text, nameof(Options.Device)),
    ];

    private static Setting[] Optimizer() =>
    [
        new("optimizer", Names<TrainingOptimizer>(), "Default adam-w.", (r, v) => r.Options.Optimizer = v.Choice<TrainingOptimizer>(), nameof(Options.Optimizer)),
        new("learning-rate", "number", "After the warm-up. Default 5e-4 from scratch, 1e-4 for fine-tuning.", (r, v) => r.Options.LearningRate = v.Number(), nameof(Options.LearningRate)),
        new("learning-rate-schedule", Names<TrainingSchedule>(), "How it falls. Default cosine.", (r, v) => r.Options.LearningRateSchedule = v.Choice<TrainingSchedule>(), nameof(Options.LearningRateSchedule)),
        new("distributed-learning-rate", Names<LearningRateScaling>(), "The rate's factor under mpirun: with the number of processes, with its root, or 1. Default none.", (r, v) => r.Options.DistributedLearningRate = v.Choice<LearningRateScaling>(), nameof(Options.DistributedLearningRate)),
        new("minimum-learning-rate", "number", "Where it ends. Default 1e-5 from scratch, 1e-6 for fine-tuning.", (r, v) => r.Options.MinimumLearningRate = v.Number(), nameof(Options.MinimumLearningRate)),
        new("warmup-epochs", "number", "Epochs in which it rises. Default: by --strategy.", (r, v) => r.Options.WarmupEpochs = v.Number(), nameof(Options.WarmupEpochs)),
        new("weight-decay", "number", "Default 0.05.", (r, v) => r.Options.WeightDecay = v.Number(), nameof(Options.WeightDecay)),
        new("layer-decay", "number", "Of the learning rate, from block to block. Default 0.75 for fine-tuning, else 1.", (r, v) => r.Options.LayerDecay = v.Number(), nameof(Options.LayerDecay)),
        new("head-learning-rate-factor", "number", "The head's rate as a multiple. Default 10 for a new head of a pretrained model, else 1.", (r, v) => r.Options.HeadLearningRateFactor = v.Number(), nameof(Options.HeadLearningRateFactor)),
        new("momentum", "number", "SGD's momentum, AdamW's beta1. Default 0.9.", (r, v) => r.Options.Momentum = v.Number(), nameof(Options.Momentum)),
        new("beta2", "number", "AdamW's beta2. Default 0.999.", (r, v) => r.Options.Beta2 = v.Number(), nameof(Options.Beta2)),
        new("nesterov", null, "Whether SGD looks ahead. Default true.", (r, v) => r.Options.Nesterov = v.Switch(), nameof(Options.Nesterov)),
        new("clip-gradient-norm", "number", "Longest gradient; 0 switches that off. Default 1.", (r, v) => r.Options.ClipGradientNorm = v.Number(), nameof(Options.ClipGradientNorm)),
        new("ema-decay", "number", "Of a running mean of the weights. Default: none.", (r, v) => r.Options.EmaDecay = v.Number(), nameof(Options.EmaDecay)),
        new("ema-warmup", null, "Whether that mean forgets faster at first. Default true.", (r, v) => r.Options.EmaWarmup = v.Switch(), nameof(Options.EmaWarmup)),
        new("label-smoothing", "share", "Of each target over all classes. Default 0.1.", (r, v) => r.Options.LabelSmoothing = v.Number(), nameof(Options.LabelSmoothing)),
        new("drop-path-rate", "share", "Chance of the last block to be skipped. Default 0.1 for fine-tuning, else the network's.", (r, v) => r.Options.DropPathRate = v.Number(), nameof(Options.DropPathRate)),
        new("class-weighting", Names<ClassWeighting>(), "Whether rare classes count more. Default none.", (r, v) => r.Options.ClassWeighting = v.Choice<ClassWeighting>(), nameof(Options.ClassWeighting)),
        new("class-weights", "name=number,...", "The weight of each class.", (r, v) => r.Options.ClassWeights = v.NamedValues(), nameof(Options.ClassWeights)),
    ];

    private static Setting[] Images() =>
    [
        Augmented("augmentation", "none|default|light|deit|three-augment", "How training varies images. Default: by --strategy.", (_, v) => Preset(v)),
        Augmented("erasing", "share", "Chance that a piece of an image is blanked.", (a, v) => a with { ErasingProbability = v.Number() }, nameof(TrainingAugmentations.ErasingProbability)),
        Augmented("mixup", "alpha", "Mixes two images; 0 is off.", (a, v) => a with { MixupAlpha = v.Number() }, nameof(TrainingAugmentations.MixupAlpha)),
        Augmented("cutmix", "alpha", "Puts a piece of one image into another; 0 is off.", (a, v) => a with { CutmixAlpha = v.Number() }, nameof(TrainingAugmentations.CutmixAlpha)),
        new("random-crop-minimum-area", "share", "Smallest share of an image that a crop keeps. Default 0.08 from scratch, 0.5 for fine-tuning.", MinimumArea, nameof(Options.RandomCropMinimumArea)),
        new("horizontal-flip", null, "Whether training mirrors images. Default true.", Flip, nameof(Options.HorizontalFlip)),
        Prepared("resizing", Names<ImageResizing>(), "How an image that is not square is made so. Default: the network's.", (p, v) => p with { Resizing = v.Choice<ImageResizing>() }),
        Prepared("interpolation", Names<ImageInterpolation>(), "Default: the network's.", (p, v) => p with { Interpolation = v.Choice<ImageInterpolation>() }),
        Prepared("crop-fraction", "share", "Share of the image's shorter side that is looked at. Default: the network's.", (p, v) => p with { CropFraction = v.Number() }),
        Prepared("allow-truncated", null, "Whether files that end too early are read. Default false.", (p, v) => p with { AllowTruncated = v.Switch() }),
        new("on-invalid-image", "throw|skip", "What an image that cannot be read means. Default throw.", (r, v) => r.Options.OnInvalidImage = v.Choice<InvalidImageHandling>(), nameof(Options.OnInvalidImage)),
        new("on-invalid-image-in-prediction", "throw|missing", "The same for the model in ML.NET. Default throw.", (r, v) => r.Options.OnInvalidImageInPrediction = v.Choice<InvalidImageHandling>(), nameof(Options.OnInvalidImageInPrediction)),
    ];

    private static Setting[] Evaluation() =>
    [
        new("validation-fraction", "share", "Share of each class that epochs are compared on. Default 0.1.", (r, v) => r.Options.ValidationSetFraction = v.Number(), nameof(Options.ValidationSetFraction)),
        new("early-stopping-patience", "epochs", "Stop when it has not become better for so many epochs. Default: never.", (r, v) => r.EarlyStoppingPatience = v.Whole(), "patience"),
        new("early-stopping-min-delta", "number", "What counts as better. Default 0.01.", (r, v) => r.EarlyStoppingMinDelta = v.Number(), "minDelta"),
        new("early-stopping-metric", Names<EarlyStoppingMetric>(), "What is watched. Default accuracy.", (r, v) => r.EarlyStoppingMetric = v.Choice<EarlyStoppingMetric>(), "metric"),
        new("calibrate", null, "Fit the probabilities to the validation images. Default false.", (r, v) => r.Options.Calibrate = v.Switch(), nameof(Options.Calibrate)),
    ];

    private static Setting[] Survival() =>
    [
        new("workspace", "folder", "Where an interrupted training is kept. Default: beside --out.", (r, v) => r.Options.WorkspacePath = v.Text, nameof(Options.WorkspacePath)),
        new("checkpoint-minutes", "number", "Time between two checkpoints in a long epoch; 0 writes them after epochs only. Default 10.", (r, v) => r.Options.CheckpointInterval = TimeSpan.FromMinutes(v.Number()), nameof(Options.CheckpointInterval)),
        new("logs", "csv,tensor-board", "Files about the run in the workspace. Default none.", (r, v) => r.Options.Logs = v.Choices<TrainingLogs>(), nameof(Options.Logs)),
    ];

    private static Setting Part(string name, string value, string help, Func<VisionTransformerArchitecture, SettingValue, VisionTransformerArchitecture> change) =>
        new(name, value, $"{help.TrimEnd('.')}{(help.Contains("Default", StringComparison.Ordinal) ? "." : ". Default: as --arch.")}", (r, v) => r.ArchitectureChanges.Add(Checked(change, v)));

    private static Setting Prepared(string name, string? value, string help, Func<ImagePreprocessing, SettingValue, ImagePreprocessing> change) =>
        new(name, value, help, (r, v) => r.PreprocessingChanges.Add(Checked(change, v)));

    private static Setting Augmented(string name, string value, string help, Func<TrainingAugmentations, SettingValue, TrainingAugmentations> change, string? field = null) =>
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

    /// <summary>A change that has been tried, so that a value that cannot be read is refused before anything begins.</summary>
    private static Func<T, T> Checked<T>(Func<T, SettingValue, T> change, SettingValue value) where T : new()
    {
        change(new T(), value);
        return whole => change(whole, value);
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
        _ => throw new UsageException($"{value.Source} is '{value.Text}'; it must be none, default, light, deit, three-augment."),
    };

    private static string Names<T>() where T : struct, Enum => string.Join('|', SettingValue.Names<T>());
}
