// How far a run has come: what is written down for it to go on from.
using System.Diagnostics;
using Microsoft.ML.VisionTransformer.Evaluation;
using Microsoft.ML.VisionTransformer.Training.Distributed;
using Microsoft.ML.VisionTransformer.Training.Evaluation;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Training.Checkpointing;

/// <summary>Everything about a run between two updates that is not a tensor.</summary>
internal sealed record RunProgress
{
    /// <summary>The run's seed.</summary>
    public required int Seed { get; init; }

    /// <summary>Updates done.</summary>
    public required long Step { get; init; }

    /// <summary>Rows of an update, over all processes; 0 in checkpoints from before there were several.</summary>
    public long RowsPerStep { get; init; }

    /// <summary>Processes that trained together.</summary>
    public int Processes { get; init; } = 1;

    /// <summary>Sums over the rows of the epoch under way.</summary>
    public double LossSum { get; init; }

    public double Weight { get; init; }

    public long Right { get; init; }

    public int Rows { get; init; }

    /// <summary>Figures of the epochs that are complete, validation included.</summary>
    public IReadOnlyList<TrainingMetrics> Epochs { get; init; } = [];

    /// <summary>The best so far.</summary>
    public ValidationResult? Best { get; init; }

    /// <summary>Time the run has taken, over all its parts.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Whether early stopping ended the run.</summary>
    public bool StoppedEarly { get; init; }

    /// <summary>Whether nothing is left to do: the parameters are those of the model.</summary>
    public bool Finished { get; init; }

    /// <summary>
    /// The same progress counted in updates of another size, where the number of processes or their batches have changed: rows that have passed do not pass again.
    /// </summary>
    /// <param name="rowsPerStep">Rows of an update from now on.</param>
    /// <param name="rows">Training rows.</param>
    internal RunProgress InStepsOf(long rowsPerStep, int rows)
    {
        if (RowsPerStep == 0 || RowsPerStep == rowsPerStep)
            return this;
        long stepsPerEpoch = (rows - 1) / rowsPerStep + 1;
        long stepsOfEpoch = Rows == rows ? stepsPerEpoch : Rows / rowsPerStep;
        return this with { Step = Epochs.Count * stepsPerEpoch + stepsOfEpoch, RowsPerStep = rowsPerStep };
    }

    /// <summary>The sums as a mean.</summary>
    internal RunningMean EpochSoFar => new(LossSum, Weight, Right, Rows);
}

/// <param name="workspace">Where to; null in a process that leaves it to another of its team.</param>
/// <param name="identity">Options and data of the run.</param>
/// <param name="found">Where the run goes on from; null at its beginning.</param>
/// <param name="interval">The most time between two checkpoints, within an epoch; zero writes after epochs only.</param>
/// <param name="group">The processes of the run; null for one.</param>
internal sealed class RunRecorder(
    TrainingWorkspace? workspace, IReadOnlyDictionary<string, string> identity, RunProgress? found, TimeSpan interval, TrainingProcessGroup? group = null)
{
    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();

    /// <summary>Where the run goes on from.</summary>
    internal RunProgress? Found => found;

    /// <summary>Fills tensors with what the checkpoint has of them.</summary>
    /// <exception cref="InvalidDataException">It has not got them.</exception>
    internal void Read(IEnumerable<(string Name, torch.Tensor Values)> tensors)
    {
        (string, torch.Tensor Values)[] all = [.. tensors];
        if (workspace is not null)
            TrainingCheckpoint.Read(workspace.Checkpoint, all);
        foreach (var (_, values) in all)
            group?.Broadcast(values);
    }

    /// <summary>Replaces the checkpoint.</summary>
    /// <exception cref="IOException">It cannot be written; the last one is still there.</exception>
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
