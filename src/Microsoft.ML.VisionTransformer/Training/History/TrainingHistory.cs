// The history of a training run, stored with the model.
using System.Collections.ObjectModel;
using System.Reflection;
using System.Text.Json.Serialization;
using Microsoft.ML.VisionTransformer.Training.History;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// What happened in a training run: its metrics, its options, and what was left out. It is stored with the model.
/// </summary>
/// <example>
/// <code>
/// using Microsoft.ML;
/// using Microsoft.ML.VisionTransformer;
///
/// var mlContext = new MLContext(seed: 1);
/// var images = mlContext.Data.LoadImagesFromFolder("flowers");
/// var pipeline = mlContext.Transforms.Conversion.MapValueToKey("Label")
///     .Append(mlContext.MulticlassClassification.Trainers.VisionTransformer(new VisionTransformerTrainer.Options
///     {
///         FeatureColumnName = "ImagePath",
///         PretrainedModel = "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k",
///         Strategy = TrainingStrategy.LinearProbe,
///         LearningCurve = true,
///     }));
/// using var model = pipeline.Fit(images);
///
/// TrainingHistory history = model.LastTransformer.TrainingHistory!;
/// Console.WriteLine($"{history.TrainingRows} images, {history.Strategy}, seed {history.Seed}, on {history.Device}");
/// Console.WriteLine($"cross-validated accuracy {history.ProbeAccuracy:P1} with penalty {history.ProbePenalty}");
/// foreach (LearningCurvePoint point in history.LearningCurve)
///     Console.WriteLine($"{point.Images} images: {point.Accuracy:P1}");
/// </code>
/// </example>
public sealed record TrainingHistory
{
    /// <summary>The metrics of each epoch, in order.</summary>
    public IReadOnlyList<TrainingMetrics> Epochs { get; init; } = [];

    /// <summary>
    /// Number of the epoch whose weights the model has, from 1. With validation rows it is the best epoch on them;
    /// docs/training.md defines the comparison. Without validation rows it is the last epoch.
    /// </summary>
    public int BestEpoch { get; init; }

    /// <summary>
    /// Whether the model has the exponential moving average (EMA) of the weights at that epoch instead of the weights
    /// themselves.
    /// </summary>
    public bool IsAverage { get; init; }

    /// <summary>
    /// The temperature by which the model divides its logits. It is 1 if the model was not calibrated.
    /// </summary>
    public double Temperature { get; init; } = 1;

    /// <summary>
    /// Expected calibration error of the model on the validation rows, measured after calibration if there was one.
    /// Null without validation rows.
    /// </summary>
    public double? CalibrationError { get; init; }

    /// <summary>Number of training rows.</summary>
    public int TrainingRows { get; init; }

    /// <summary>Number of validation rows.</summary>
    public int ValidationRows { get; init; }

    /// <summary>Number of rows that were left out because their label is missing.</summary>
    public int RowsWithoutLabel { get; init; }

    /// <summary>
    /// Number of training and validation rows that were left out because their image cannot be read
    /// (<see cref="InvalidImageHandling.Skip"/>).
    /// </summary>
    public int RowsWithInvalidImage { get; init; }

    /// <summary>The errors of those images, each with its row. The list has at most the first 100.</summary>
    public IReadOnlyList<string> InvalidImages { get; init; } = [];

    /// <summary>Whether early stopping ended the run before its last epoch.</summary>
    public bool StoppedEarly { get; init; }

    /// <summary>
    /// Whether the run was canceled, and this is its best model so far (<see cref="CancellationHandling.ReturnBest"/>).
    /// </summary>
    public bool Cancelled { get; init; }

    /// <summary>The seed that all random choices of the run follow from.</summary>
    public int Seed { get; init; }

    /// <summary>
    /// Training time, including validation, from the first image that the network processes to the final weights. It
    /// does not include reading the rows. A resumed run also counts its earlier parts, up to the checkpoint from which
    /// it resumed. Null in model files of earlier versions.
    /// </summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>
    /// The device that the model was trained on, such as "cpu", "cuda:0" or "mps". Null in model files of earlier
    /// versions.
    /// </summary>
    public string? Device { get; init; }

    /// <summary>
    /// Versions of the software that trained the model, by name: <c>Microsoft.ML.VisionTransformer</c>,
    /// <c>Microsoft.ML</c>, <c>TorchSharp</c>, <c>libtorch</c> and <c>.NET</c>. Empty in model files of earlier
    /// versions.
    /// </summary>
    public IReadOnlyDictionary<string, string> Versions { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>
    /// The options of the run, as you set them. A new trainer with these options, the same rows, the same validation
    /// set and <see cref="Seed"/> trains the same model. Null in model files of earlier versions.
    /// </summary>
    /// <remarks>
    /// Some options say where and how a run is executed. They are left out and have their defaults:
    /// <see cref="VisionTransformerTrainer.Options.ValidationSet"/>,
    /// <see cref="VisionTransformerTrainer.Options.MetricsCallback"/>,
    /// <see cref="VisionTransformerTrainer.Options.CancellationToken"/>,
    /// <see cref="VisionTransformerTrainer.Options.OnCancellation"/>,
    /// <see cref="VisionTransformerTrainer.Options.Device"/>,
    /// <see cref="VisionTransformerTrainer.Options.Distributed"/>,
    /// <see cref="VisionTransformerTrainer.Options.ImageMemoryLimitBytes"/>,
    /// <see cref="VisionTransformerTrainer.Options.WorkspacePath"/>,
    /// <see cref="VisionTransformerTrainer.Options.CheckpointInterval"/> and
    /// <see cref="VisionTransformerTrainer.Options.Logs"/>. A path in
    /// <see cref="VisionTransformerTrainer.Options.PretrainedModel"/> is stored as you set it.
    /// </remarks>
    [JsonConverter(typeof(StoredOptionsConverter))]
    public VisionTransformerTrainer.Options? Options { get; init; }

    /// <summary>
    /// The strategy that was used, whether you set it or the trainer chose it. Null in model files of earlier versions.
    /// </summary>
    public TrainingStrategy? Strategy { get; init; }

    /// <summary>
    /// Accuracy of the linear probe, in [0, 1]. For <see cref="TrainingStrategy.LinearProbe"/> it is the accuracy of
    /// the model itself. For <see cref="TrainingStrategy.FineTune"/> it is that of the head from which training
    /// started.
    /// </summary>
    /// <remarks>
    /// It is measured by five-fold cross-validation on at most about 5,000 training rows, with
    /// <see cref="ProbePenalty"/>. If the same folds chose that penalty, the accuracy is slightly too high. It is null
    /// if no probe was trained, if there are fewer than 10 training rows, or if the version that trained the model did
    /// not measure it.
    /// </remarks>
    public double? ProbeAccuracy { get; init; }

    /// <summary>
    /// The penalty of the linear probe (lambda), which you set or cross-validation chose. It is null in the same cases
    /// as <see cref="ProbeAccuracy"/>, except that any number of rows is enough.
    /// </summary>
    public double? ProbePenalty { get; init; }

    /// <summary>
    /// How the cross-validated accuracy of the linear probe grows with the number of training images, in ascending
    /// order. Empty unless <see cref="VisionTransformerTrainer.Options.LearningCurve"/> is set and a probe was trained.
    /// </summary>
    /// <remarks>
    /// The points use one to five fifths of the training rows of each class and fold, always with
    /// <see cref="ProbePenalty"/>. Each larger set contains the rows of the smaller ones. The accuracy of the last
    /// point is <see cref="ProbeAccuracy"/>.
    /// </remarks>
    public IReadOnlyList<LearningCurvePoint> LearningCurve { get; init; } = [];
}

/// <summary>One point of <see cref="TrainingHistory.LearningCurve"/>.</summary>
/// <param name="Images">Number of training images, averaged over the five folds.</param>
/// <param name="Accuracy">Accuracy on images that were not used for training, in [0, 1].</param>
/// <seealso cref="TrainingHistory"/>
public sealed record LearningCurvePoint(int Images, double Accuracy);

/// <summary>The versions of the software in use.</summary>
internal static class SoftwareVersions
{
    internal static IReadOnlyDictionary<string, string> Current { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["Microsoft.ML.VisionTransformer"] = Of(typeof(TrainingHistory)),
        ["Microsoft.ML"] = Of(typeof(MLContext)),
        ["TorchSharp"] = Of(typeof(torch)),
        ["libtorch"] = torch.__version__,
        [".NET"] = Environment.Version.ToString(),
    };

    /// <summary>Without the commit, which follows a plus sign.</summary>
    private static string Of(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? type.Assembly.GetName().Version?.ToString() ?? "unknown";
}
