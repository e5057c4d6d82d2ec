// The history of a training run, stored with the model.
using System.Collections.ObjectModel;
using System.Reflection;
using System.Text.Json.Serialization;
using Microsoft.ML.VisionTransformer.Training.History;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer;

/// <summary>The history of a training run.</summary>
public sealed record TrainingHistory
{
    /// <summary>One entry per epoch, in order.</summary>
    public IReadOnlyList<TrainingMetrics> Epochs { get; init; } = [];

    /// <summary>
    /// Number (from 1) of the epoch whose weights the model has: the best on the validation rows (docs/training.md defines the comparison), or the
    /// last if there are none.
    /// </summary>
    public int BestEpoch { get; init; }

    /// <summary>Whether the model has the exponential moving average of the weights at that epoch instead of the weights themselves.</summary>
    public bool IsAverage { get; init; }

    /// <summary>The temperature that the model divides its logits by; 1 if it was not calibrated.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Expected calibration error of the model on the validation rows, after calibration if there was any; null without such rows.</summary>
    public double? CalibrationError { get; init; }

    /// <summary>Number of training rows.</summary>
    public int TrainingRows { get; init; }

    /// <summary>Number of validation rows.</summary>
    public int ValidationRows { get; init; }

    /// <summary>Number of rows left out because their label is missing.</summary>
    public int RowsWithoutLabel { get; init; }

    /// <summary>Number of training and validation rows left out because their image cannot be read (<see cref="InvalidImageHandling.Skip"/>).</summary>
    public int RowsWithInvalidImage { get; init; }

    /// <summary>Errors of those images, each with its row; at most the first 100.</summary>
    public IReadOnlyList<string> InvalidImages { get; init; } = [];

    /// <summary>Whether early stopping ended the run before its last epoch.</summary>
    public bool StoppedEarly { get; init; }

    /// <summary>Whether the run was canceled, and this is its best model so far (<see cref="CancellationHandling.ReturnBest"/>).</summary>
    public bool Cancelled { get; init; }

    /// <summary>The seed of all random streams of the run.</summary>
    public int Seed { get; init; }

    /// <summary>
    /// Training time, from the first image that the network sees to the final weights, with validation; reading the rows is not included. A resumed run
    /// counts its earlier parts up to the checkpoint that it resumed from. Null in model files of earlier versions.
    /// </summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>The device that the model was trained on: "cpu", "cuda:0", "mps". Null in model files of earlier versions.</summary>
    public string? Device { get; init; }

    /// <summary>
    /// Versions of the software that trained the model, by name: Microsoft.ML.VisionTransformer, Microsoft.ML, TorchSharp, libtorch and .NET. Empty in
    /// model files of earlier versions.
    /// </summary>
    public IReadOnlyDictionary<string, string> Versions { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>
    /// The options of the run as they were given. A new trainer with these options, the same rows, validation set and <see cref="Seed"/> trains the same
    /// model. Options that say where and how the run is executed are left out and have their defaults:
    /// <see cref="VisionTransformerTrainer.Options.ValidationSet"/>, <see cref="VisionTransformerTrainer.Options.MetricsCallback"/>,
    /// <see cref="VisionTransformerTrainer.Options.CancellationToken"/>, <see cref="VisionTransformerTrainer.Options.OnCancellation"/>,
    /// <see cref="VisionTransformerTrainer.Options.Device"/>, <see cref="VisionTransformerTrainer.Options.Distributed"/>,
    /// <see cref="VisionTransformerTrainer.Options.ImageMemoryLimitBytes"/>, <see cref="VisionTransformerTrainer.Options.WorkspacePath"/>,
    /// <see cref="VisionTransformerTrainer.Options.CheckpointInterval"/> and <see cref="VisionTransformerTrainer.Options.Logs"/>. A path in
    /// <see cref="VisionTransformerTrainer.Options.PretrainedModel"/> is stored as given. Null in model files of earlier versions.
    /// </summary>
    [JsonConverter(typeof(StoredOptionsConverter))]
    public VisionTransformerTrainer.Options? Options { get; init; }

    /// <summary>The strategy that was used, whether it was set or chosen by the trainer. Null in model files of earlier versions.</summary>
    public TrainingStrategy? Strategy { get; init; }

    /// <summary>
    /// Accuracy of the linear probe, in [0, 1]: of the model itself for <see cref="TrainingStrategy.LinearProbe"/>, of the head that training started
    /// from for <see cref="TrainingStrategy.FineTune"/>. Measured by five-fold cross-validation on the training rows, at most about 5,000 of them, with
    /// <see cref="ProbePenalty"/>; where the same folds chose that penalty, it is slightly too high. Null if no probe was run or there are fewer than 10
    /// training rows, and in models of versions that did not measure it.
    /// </summary>
    public double? ProbeAccuracy { get; init; }

    /// <summary>The penalty of the linear probe (lambda), given by the user or chosen by cross-validation; null like <see cref="ProbeAccuracy"/>, but known for any number of rows.</summary>
    public double? ProbePenalty { get; init; }

    /// <summary>
    /// The cross-validated accuracy of the linear probe by number of images that it is trained on, in ascending order: one, two, ... five fifths of the
    /// training rows of each class and fold, each larger set with the rows of the smaller, always with <see cref="ProbePenalty"/>. The last point is
    /// <see cref="ProbeAccuracy"/>. Empty unless <see cref="VisionTransformerTrainer.Options.LearningCurve"/> is set and a probe was run.
    /// </summary>
    public IReadOnlyList<LearningCurvePoint> LearningCurve { get; init; } = [];
}

/// <summary>A point of <see cref="TrainingHistory.LearningCurve"/>.</summary>
/// <param name="Images">Number of training images, the mean of the five fits.</param>
/// <param name="Accuracy">Accuracy on images that the fit has not seen, in [0, 1].</param>
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
