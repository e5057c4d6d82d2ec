// The figures of a run under the tags that files show: TensorBoard puts those with the same first part into one group.
namespace Microsoft.ML.VisionTransformer.Trainers;

internal static class MetricTags
{
    internal const string TrainingLoss = "loss/training";
    internal const string ValidationLoss = "loss/validation";
    internal const string TrainingAccuracy = "accuracy/training";
    internal const string ValidationAccuracy = "accuracy/validation";
    internal const string CalibrationError = "calibration/error";
    internal const string LearningRate = "learning_rate";
    internal const string ImagesPerSecond = "speed/images_per_second";
    internal const string ImageWaitShare = "speed/image_wait_share";
    internal const string ElapsedSeconds = "elapsed_seconds";

    /// <summary>Those of an epoch, in the order of the table's columns.</summary>
    internal static readonly string[] OfEpoch =
    [
        TrainingLoss,
        TrainingAccuracy,
        ValidationLoss,
        ValidationAccuracy,
        CalibrationError,
        LearningRate,
        ImagesPerSecond,
        ImageWaitShare,
        ElapsedSeconds,
    ];

    /// <summary>Those of a batch.</summary>
    internal static readonly string[] OfBatch = [TrainingLoss, TrainingAccuracy, LearningRate];

    /// <summary>The figures of an epoch.</summary>
    internal static (string Tag, double? Value)[] Of(TrainingMetrics metrics) =>
    [
        (TrainingLoss, metrics.TrainingLoss),
        (TrainingAccuracy, metrics.TrainingAccuracy),
        (ValidationLoss, metrics.ValidationLoss),
        (ValidationAccuracy, metrics.ValidationAccuracy),
        (CalibrationError, metrics.ValidationCalibrationError),
        (LearningRate, metrics.LearningRate),
        (ImagesPerSecond, metrics.ImagesPerSecond),
        (ImageWaitShare, metrics.ImageWaitShare),
        (ElapsedSeconds, metrics.Elapsed.TotalSeconds),
    ];
}
