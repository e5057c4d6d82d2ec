// The folder of a run: its last two checkpoints, and a lock that excludes other training runs.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Training.Checkpointing;

/// <summary>A workspace, locked for exclusive use by this run.</summary>
internal sealed class TrainingWorkspace : IDisposable
{
    /// <summary>File name of the checkpoint.</summary>
    internal const string CheckpointName = "training-checkpoint.safetensors";

    private const string PreviousName = "training-checkpoint.previous.safetensors", DamagedName = "training-checkpoint.damaged.safetensors", LockName = "training.lock";

    /// <summary>Error codes for a lock held by another process: EWOULDBLOCK on Linux and on macOS, and the sharing violation of Windows.</summary>
    private static readonly int[] _heldErrors = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream _lock;

    private TrainingWorkspace(string folder, FileStream heldLock)
    {
        Folder = folder;
        _lock = heldLock;
        Checkpoint = Path.Combine(folder, CheckpointName);
        Previous = Path.Combine(folder, PreviousName);
        // No other process writes here while the lock is held.
        AtomicFile.RemoveAbandoned(Checkpoint, TimeSpan.Zero);
        if (Find() is var (progress, identity))
            (Found, FoundIdentity) = (progress, RunIdentity.WithCurrentNames(identity));
    }

    internal string Folder { get; }

    /// <summary>Path of the checkpoint, which may not exist yet.</summary>
    internal string Checkpoint { get; }

    /// <summary>Path of the previous checkpoint.</summary>
    internal string Previous { get; }

    /// <summary>Warning for the log about a damaged checkpoint; null if the checkpoint is intact.</summary>
    internal string? Warning { get; private set; }

    /// <summary>Progress of the run in the checkpoint; null if there is no checkpoint.</summary>
    internal RunProgress? Found { get; }

    private IReadOnlyDictionary<string, string>? FoundIdentity { get; }

    /// <summary>Locks the folder, which is created if missing; null if <paramref name="folder"/> is null.</summary>
    /// <exception cref="IOException">Another training uses the folder, or it cannot be written to.</exception>
    /// <exception cref="InvalidDataException">Neither the checkpoint nor the previous one can be used.</exception>
    internal static TrainingWorkspace? Open(string? folder)
    {
        if (folder is null)
            return null;
        var held = Lock(folder);
        try
        {
            return new TrainingWorkspace(folder, held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>The seed of the run: an interrupted run keeps the seed of its checkpoint.</summary>
    internal int SeedOf(int own) => Found is { Finished: false } ? Found.Seed : own;

    /// <summary>The progress to resume from; null to start over: without a checkpoint, or after a finished run with other options, data or seed.</summary>
    /// <param name="identity">Options and data of this run.</param>
    /// <param name="seed">The seed of this run.</param>
    /// <param name="startsOver">Receives the reason why a finished run is not reused.</param>
    /// <param name="processes">Number of processes; if it has changed, the batch size of each process may differ too.</param>
    /// <exception cref="InvalidOperationException">The interrupted run had other options or data.</exception>
    internal RunProgress? ResumeFrom(IReadOnlyDictionary<string, string> identity, int seed, Action<string> startsOver, int processes = 1)
    {
        if (Found is null)
            return null;
        List<string> differences = [.. RunIdentity.Differences(Found.Processes == processes ? FoundIdentity! : RunIdentity.WithBatchSizeOf(identity, FoundIdentity!), identity)];
        if (Found.Finished)
        {
            Int128 oldRows = RowsOf(FoundIdentity!, Found.Processes), newRows = RowsOf(identity, processes);
            if (Found.Processes != processes && oldRows != newRows)
                differences.Add($"the rows per update were {oldRows} and are now {newRows}");
        }

        if (Found.Seed != seed)
            differences.Add(string.Create(CultureInfo.InvariantCulture, $"the seed was {Found.Seed} and is now {seed}"));
        if (differences.Count == 0)
            return Found;
        if (Found.Finished)
        {
            startsOver($"The workspace {Folder} has the result of another training run: {string.Join("; ", differences)}. Training starts over. To keep both, set a different WorkspacePath for each run.");
            return null;
        }

        throw new InvalidOperationException(
            $"{Checkpoint} belongs to a training run that was interrupted after {Found.Epochs.Count} {(Found.Epochs.Count == 1 ? "epoch" : "epochs")} and differs from this one: {string.Join("; ", differences)}. " +
            "Make them the same to resume it, delete the file to start over, or set WorkspacePath to another folder.");
    }

    /// <summary>Rows per batch, over all processes.</summary>
    private static Int128 RowsOf(IReadOnlyDictionary<string, string> identity, int processes) => Int128.Parse(identity["BatchSize"], CultureInfo.InvariantCulture) * processes;

    public void Dispose() => _lock.Dispose();

    /// <summary>
    /// Reads the checkpoint. A damaged checkpoint is kept under another name, and the previous one replaces it. If the user has deleted the
    /// checkpoint to start over, the previous one is deleted too.
    /// </summary>
    private (RunProgress Progress, IReadOnlyDictionary<string, string> Identity)? Find()
    {
        if (!File.Exists(Checkpoint))
        {
            File.Delete(Previous);
            return null;
        }

        try
        {
            return TrainingCheckpoint.Describe(Checkpoint);
        }
        catch (InvalidDataException damage)
        {
            return File.Exists(Previous) ? TakePrevious(damage) : throw new InvalidDataException($"{damage.Message} {TrainingCheckpoint.Advice}", damage);
        }
    }

    private (RunProgress Progress, IReadOnlyDictionary<string, string> Identity)? TakePrevious(InvalidDataException damage)
    {
        (RunProgress, IReadOnlyDictionary<string, string>)? found;
        try
        {
            found = TrainingCheckpoint.Describe(Previous);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{damage.Message} The previous checkpoint cannot be used either: {e.Message} Delete the first to start over, or set WorkspacePath to another folder.", damage);
        }

        string aside = Path.Combine(Folder, DamagedName);
        File.Move(Checkpoint, aside, overwrite: true);
        File.Move(Previous, Checkpoint);
        Warning = $"{damage.Message} The previous checkpoint is used; the damaged one is kept as {aside}.";
        return found;
    }

    /// <summary>The system releases the lock when the process ends, even if it is killed.</summary>
    private static FileStream Lock(string folder)
    {
        string path = Path.Combine(folder, LockName);
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The workspace {folder} cannot be created: {e.Message.TrimEnd('.')}. Set WorkspacePath to a writable folder.", e);
        }

        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (_heldErrors.Contains(e.HResult))
        {
            throw new IOException($"The workspace {folder} is used by another training run, in this process or another: wait until it has finished, or set a different WorkspacePath for each.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The workspace {folder} cannot be written to: {e.Message.TrimEnd('.')}. Set WorkspacePath to a writable folder.", e);
        }
    }
}
