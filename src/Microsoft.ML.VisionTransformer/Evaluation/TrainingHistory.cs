// The history of a training run, stored with the model.
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
}
