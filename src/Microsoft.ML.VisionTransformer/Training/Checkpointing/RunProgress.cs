// The progress of a run, as stored in a checkpoint, and the recorder that reads and writes the run's checkpoints.
using System.Diagnostics;
using Microsoft.ML.VisionTransformer.Evaluation;
using Microsoft.ML.VisionTransformer.Training.Distributed;
using Microsoft.ML.VisionTransformer.Training.Evaluation;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Training.Checkpointing;

/// <summary>The state of a run between two updates, except its tensors.</summary>
internal sealed record RunProgress
{
    /// <summary>The run's seed.</summary>
    public required int Seed { get; init; }

    /// <summary>Updates done.</summary>
    public required long Step { get; init; }

    /// <summary>Rows per update, over all processes; 0 in checkpoints of versions without distributed training.</summary>
    public long RowsPerStep { get; init; }

    /// <summary>Number of processes that trained together.</summary>
    public int Processes { get; init; } = 1;

    /// <summary>Sum of the weighted losses over the rows of the current epoch so far; the next three are sums over the same rows.</summary>
    public double LossSum { get; init; }

    public double Weight { get; init; }

    public long Right { get; init; }

    public int Rows { get; init; }

    /// <summary>Metrics of the completed epochs, including validation.</summary>
    public IReadOnlyList<TrainingMetrics> Epochs { get; init; } = [];

    /// <summary>The best validation result so far.</summary>
    public ValidationResult? Best { get; init; }

    /// <summary>The probe that initialized the head, which a resumed run does not repeat; null without one.</summary>
    public ProbeResult? Probe { get; init; }

    /// <summary>Training time so far, including the time before interruptions.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Whether early stopping ended the run.</summary>
    public bool StoppedEarly { get; init; }

    /// <summary>Whether the run is complete; the parameters are then those of the model.</summary>
    public bool Finished { get; init; }

    /// <summary>
    /// The same progress in updates of another size, after a change in the number of processes or their batch size. Rows that were used are not used
    /// again in the epoch.
    /// </summary>
    /// <param name="rowsPerStep">New number of rows per update.</param>
    /// <param name="rows">Number of training rows.</param>
    internal RunProgress InStepsOf(long rowsPerStep, int rows)
    {
        if (RowsPerStep == 0 || RowsPerStep == rowsPerStep)
            return this;
        long stepsPerEpoch = (rows - 1) / rowsPerStep + 1;
        long stepsOfEpoch = Rows == rows ? stepsPerEpoch : Rows / rowsPerStep;
        return this with { Step = Epochs.Count * stepsPerEpoch + stepsOfEpoch, RowsPerStep = rowsPerStep };
    }

    /// <summary>The mean over the rows of the current epoch so far.</summary>
    internal RunningMean EpochSoFar => new(LossSum, Weight, Right, Rows);
}

/// <summary>The cross-validation of a linear probe.</summary>
/// <param name="Penalty">The penalty, given or chosen.</param>
/// <param name="Accuracy">The accuracy with that penalty; null if there are too few rows.</param>
/// <param name="Images">Number of rows that the accuracy was measured on.</param>
internal sealed record ProbeResult(double Penalty, double? Accuracy, int Images)
{
    /// <summary>The accuracy by number of images; empty if it was not measured.</summary>
    public IReadOnlyList<LearningCurvePoint> LearningCurve { get; init; } = [];

    /// <summary>
    /// Whether the probe is more accurate than an accuracy on other rows by more than chance explains: by twice the standard error of a difference
    /// between two fractions, with one right and one wrong row added to each, because few rows understate the error (Agresti and Caffo, "Simple and
    /// Effective Confidence Intervals for Proportions and Differences of Proportions", 2000).
    /// </summary>
    internal bool IsClearlyBetterThan(double accuracy, int rows)
    {
        if (Accuracy is not { } own)
            return false;
        var (p, q) = ((own * Images + 1) / (Images + 2), (accuracy * rows + 1) / (rows + 2));
        return p - q > 2 * Math.Sqrt(p * (1 - p) / (Images + 2) + q * (1 - q) / (rows + 2));
    }
}

/// <summary>Reads and writes the checkpoints of a run.</summary>
/// <param name="workspace">The workspace; null on ranks above 0, which write no checkpoints.</param>
/// <param name="identity">Options and data of the run.</param>
/// <param name="found">The progress to resume from; null for a new run.</param>
/// <param name="interval">Interval of checkpoints within an epoch; zero writes only after epochs.</param>
/// <param name="group">The processes of the run; null for one.</param>
internal sealed class RunRecorder(
    TrainingWorkspace? workspace, IReadOnlyDictionary<string, string> identity, RunProgress? found, TimeSpan interval, TrainingProcessGroup? group = null)
{
    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();

    /// <summary>The progress to resume from; null for a new run.</summary>
    internal RunProgress? Found => found;

    /// <summary>Fills tensors from the checkpoint.</summary>
    /// <exception cref="InvalidDataException">The checkpoint does not have them.</exception>
    internal void Read(IEnumerable<(string Name, torch.Tensor Values)> tensors)
    {
        (string, torch.Tensor Values)[] all = [.. tensors];
        if (workspace is not null)
            TrainingCheckpoint.Read(workspace.Checkpoint, all);
        foreach (var (_, values) in all)
            group?.Broadcast(values);
    }

    /// <summary>Replaces the checkpoint.</summary>
    /// <exception cref="IOException">The checkpoint cannot be written; the previous one is unchanged.</exception>
    internal void Write(RunProgress progress, IEnumerable<(string Name, torch.Tensor Values)> tensors)
    {
        if (workspace is null)
            return;
        TrainingCheckpoint.Write(workspace.Checkpoint, workspace.Previous, progress, identity, tensors);
        _sinceLast.Restart();
    }

    /// <summary>Replaces the checkpoint if the last one is older than the interval.</summary>
    internal void WriteIfDue(Func<RunProgress> progress, Func<IEnumerable<(string Name, torch.Tensor Values)>> tensors)
    {
        if (workspace is not null && interval > TimeSpan.Zero && _sinceLast.Elapsed >= interval)
            Write(progress(), tensors());
    }
}
