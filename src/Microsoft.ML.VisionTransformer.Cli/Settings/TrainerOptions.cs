// Builds the trainer's options from the settings.
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Settings;

internal static class TrainerOptions
{
    private const string DefaultArchitecture = "vit_tiny_patch16_224";

    /// <summary>Parses all values, in the order of <see cref="TrainSettings.All"/>.</summary>
    /// <exception cref="UsageException">A value is invalid, or a required one is missing.</exception>
    internal static TrainRequest Read(IReadOnlyDictionary<string, SettingValue> values)
    {
        var request = new TrainRequest();
        foreach (var setting in TrainSettings.All)
        {
            if (values.TryGetValue(setting.Name, out var value))
                setting.Apply(request, value);
        }

        if (string.IsNullOrWhiteSpace(request.Data))
            throw new UsageException("--data is missing: the image folder, folder/class/image.");
        if (string.IsNullOrWhiteSpace(request.Out))
            throw new UsageException("--out is missing: the model file to write, such as flowers.zip.");
        if (request.TestFraction is { } fraction && !(fraction >= 0 && fraction < 1))
            throw new UsageException($"--test-fraction is {values["test-fraction"].Text}; it must be at least 0 and below 1.");
        if (request.TestData is not null && request.TestFraction is not null)
            throw new UsageException("--test-data and --test-fraction are both set; remove one of them.");
        if (request.Report is not null && request.NoReport)
            throw new UsageException("--report and --no-report are both set; remove one of them.");
        return request;
    }

    /// <summary>Completes the options that depend on a pretrained model. Opens the model if architecture or preprocessing are changed.</summary>
    internal static VisionTransformerTrainer.Options Complete(TrainRequest request, Action<string> log, CancellationToken cancellation)
    {
        var options = request.Options;
        bool reshapes = request.ArchitectureChanges.Count > 0, prepares = request.PreprocessingChanges.Count > 0;
        var (architecture, preprocessing) = (request.Architecture, (ImagePreprocessing?)null);
        if ((reshapes || prepares) && options.PretrainedModel is { } model)
            (architecture, preprocessing) = Pretrained(model, request.Architecture, log, cancellation);
        architecture = Changed(architecture ?? VisionTransformerArchitecture.Parse(DefaultArchitecture), request.ArchitectureChanges);
        options.Arch = reshapes ? architecture : request.Architecture;
        if (prepares)
            options.Preprocessing = Changed(preprocessing ?? ImagePreprocessing.For(architecture), request.PreprocessingChanges) with { Size = architecture.ImageSize };
        Augment(request, images: 0);
        options.LearningCurve = request.LearningCurve
            ?? (!request.NoReport && options is { PretrainedModel: not null, InitializeHeadByProbe: true } && options.Strategy != TrainingStrategy.FromScratch);
        options.EarlyStoppingCriteria = EarlyStopping(request);
        options.OnCancellation = CancellationHandling.ReturnBest;
        options.CancellationToken = cancellation;
        return options;
    }

    /// <summary>The architecture that the trainer will use, apart from the number of classes.</summary>
    /// <param name="request">The settings.</param>
    /// <param name="options">The completed options.</param>
    /// <param name="cancellation">Cancels the download of a pretrained model.</param>
    internal static VisionTransformerArchitecture ArchitectureOf(TrainRequest request, VisionTransformerTrainer.Options options, CancellationToken cancellation)
    {
        if (options.Arch is { } given)
            return given;
        return options.PretrainedModel is { } model && !request.TrainsFromScratch
            ? Pretrained(model, null, _ => { }, cancellation).Item1    // its notes are logged when the training reads it
            : VisionTransformerArchitecture.Parse(DefaultArchitecture);
    }

    /// <summary>An error of the trainer about an option, with the option's command-line name.</summary>
    internal static UsageException Refused(ArgumentException error)
    {
        string? option = TrainSettings.All.FirstOrDefault(s => s.Field is not null && s.Field == error.ParamName)?.Option;
        string message = OptionNames.InMessage(FailureMessage.Of(error));
        if (option is not null && message.StartsWith($"{error.ParamName} ", StringComparison.Ordinal))
            message = option + message[error.ParamName!.Length..];
        return new UsageException(option is null || message.Contains(option, StringComparison.Ordinal) ? message : $"{option}: {message}", error);
    }

    /// <summary>
    /// Applies the changes to the strategy's default augmentation, which may depend on the number of images. Without a strategy, a pretrained model is
    /// fine-tuned.
    /// </summary>
    /// <returns>Whether there are any changes.</returns>
    internal static bool Augment(TrainRequest request, int images)
    {
        if (request.AugmentationChanges.Count == 0)
            return false;
        var options = request.Options;
        var strategy = options.Strategy ?? (options.PretrainedModel is null ? TrainingStrategy.FromScratch : TrainingStrategy.FineTune);
        options.Augmentation = Changed(VisionTransformerTrainer.DefaultAugmentation(strategy, images), [.. request.AugmentationChanges, .. request.CropAndFlipChanges]);
        (options.RandomCropMinimumArea, options.HorizontalFlip) = (null, true);
        return true;
    }

    private static (VisionTransformerArchitecture, ImagePreprocessing) Pretrained(string model, VisionTransformerArchitecture? given, Action<string> log, CancellationToken cancellation)
    {
        using var checkpoint = VisionTransformerCheckpoint.Load(model, given, strict: given is null, log, cancellation);
        return (checkpoint.Architecture, checkpoint.Preprocessing);
    }

    private static VisionTransformerTrainer.EarlyStopping? EarlyStopping(TrainRequest request)
    {
        if (request is { EarlyStoppingPatience: null, EarlyStoppingMinDelta: null, EarlyStoppingMetric: null })
            return null;
        try
        {
            var standard = new VisionTransformerTrainer.EarlyStopping();
            return new VisionTransformerTrainer.EarlyStopping(
                request.EarlyStoppingMinDelta ?? standard.MinDelta, request.EarlyStoppingPatience ?? standard.Patience, request.EarlyStoppingMetric ?? standard.Metric);
        }
        catch (ArgumentException e)
        {
            throw Refused(e);
        }
    }

    private static T Changed<T>(T start, List<Func<T, T>> changes) => changes.Aggregate(start, (value, change) => change(value));
}
