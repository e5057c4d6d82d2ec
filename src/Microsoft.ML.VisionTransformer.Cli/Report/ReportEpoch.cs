// The figures of one epoch of training.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <summary>Losses are in nats, accuracies shares in [0, 1]; null is "not measured".</summary>
internal sealed record ReportEpoch
{
    /// <summary>Number of the epoch, from 1.</summary>
    public required int Epoch { get; init; }

    public double TrainingLoss { get; init; }

    public double TrainingAccuracy { get; init; }

    public double? ValidationLoss { get; init; }

    public double? ValidationAccuracy { get; init; }

    public double LearningRate { get; init; }

    internal static ReportEpoch Of(TrainingMetrics metrics) => new()
    {
        Epoch = metrics.Epoch,
        TrainingLoss = metrics.TrainingLoss,
        TrainingAccuracy = metrics.TrainingAccuracy,
        ValidationLoss = metrics.ValidationLoss,
        ValidationAccuracy = metrics.ValidationAccuracy,
        LearningRate = metrics.LearningRate,
    };
}
