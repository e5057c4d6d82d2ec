// Writes a run down while it goes on.
using System.Diagnostics;
using TorchSharp;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <param name="workspace">Where to; null in a process that leaves it to another of its team.</param>
/// <param name="identity">Options and data of the run.</param>
/// <param name="found">Where the run goes on from; null at its beginning.</param>
/// <param name="interval">The most time between two checkpoints, within an epoch; zero writes after epochs only.</param>
/// <param name="team">The processes of the run; null for one.</param>
internal sealed class RunRecorder(
    TrainingWorkspace? workspace, IReadOnlyDictionary<string, string> identity, RunProgress? found, TimeSpan interval, TrainingTeam? team = null)
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
            team?.Share(values);
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
