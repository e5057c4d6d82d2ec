// What training did, epoch by epoch; it stays with the model.
namespace Microsoft.ML.VisionTransformer;

/// <summary>The record of a training run.</summary>
public sealed record TrainingHistory
{
    /// <summary>One entry an epoch, in order.</summary>
    public IReadOnlyList<TrainingMetrics> Epochs { get; init; } = [];

    /// <summary>Number (from 1) of the epoch whose weights the model has: the best on the validation rows (docs/training.md says what is better), or the last where there are none.</summary>
    public int BestEpoch { get; init; }

    /// <summary>Whether the model has the running mean of the weights at that epoch, and not the weights themselves.</summary>
    public bool IsAverage { get; init; }

    /// <summary>What the model divides its logits by; 1 where it was not calibrated.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Expected calibration error of the model on the validation rows, after calibration where there was one; null without such rows.</summary>
    public double? CalibrationError { get; init; }

    /// <summary>Rows trained on.</summary>
    public int TrainingRows { get; init; }

    /// <summary>Rows kept for validation.</summary>
    public int ValidationRows { get; init; }

    /// <summary>Rows left out because their label is missing.</summary>
    public int RowsWithoutLabel { get; init; }

    /// <summary>Training and validation rows left out because their image cannot be read (<see cref="InvalidImageHandling.Skip"/>).</summary>
    public int RowsWithInvalidImage { get; init; }

    /// <summary>What is wrong with those images, each with its row; at most the first 100.</summary>
    public IReadOnlyList<string> InvalidImages { get; init; } = [];

    /// <summary>Whether early stopping ended the run before its last epoch.</summary>
    public bool StoppedEarly { get; init; }

    /// <summary>Whether the run was cancelled, and this is its best model so far (<see cref="CancellationHandling.ReturnBest"/>).</summary>
    public bool Cancelled { get; init; }

    /// <summary>The seed that the run's random numbers were drawn from.</summary>
    public int Seed { get; init; }
}
