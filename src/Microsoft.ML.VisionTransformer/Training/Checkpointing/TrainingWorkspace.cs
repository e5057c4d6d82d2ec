// The folder of a run: its last two checkpoints, and a lock that keeps other trainings out.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Training.Checkpointing;

/// <summary>A workspace that is in use by this run alone, in this process or any other.</summary>
internal sealed class TrainingWorkspace : IDisposable
{
    /// <summary>The checkpoint's name in the folder.</summary>
    internal const string CheckpointName = "training-checkpoint.safetensors";

    private const string PreviousName = "training-checkpoint.previous.safetensors", DamagedName = "training-checkpoint.damaged.safetensors", LockName = "training.lock";

    /// <summary>What a lock that another process holds is reported as: EWOULDBLOCK of Linux and of macOS, and Windows's sharing violation.</summary>
    private static readonly int[] _heldErrors = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream _lock;

    private TrainingWorkspace(string folder, FileStream heldLock)
    {
        Folder = folder;
        _lock = heldLock;
        Checkpoint = Path.Combine(folder, CheckpointName);
        Previous = Path.Combine(folder, PreviousName);
        // Nobody else writes here while the lock is held.
        AtomicFile.RemoveAbandoned(Checkpoint, TimeSpan.Zero);
        if (Find() is var (progress, identity))
            (Found, FoundIdentity) = (progress, RunIdentity.WithNamesOfToday(identity));
    }

    internal string Folder { get; }

    /// <summary>Path of the checkpoint, whether it is there or not.</summary>
    internal string Checkpoint { get; }

    /// <summary>Path of the checkpoint before it.</summary>
    internal string Previous { get; }

    /// <summary>What is to be said of the checkpoint that was found; null where it is as it was written.</summary>
    internal string? Warning { get; private set; }

    /// <summary>How far the run of the checkpoint had come; null where there is no checkpoint.</summary>
    internal RunProgress? Found { get; }

    private IReadOnlyDictionary<string, string>? FoundIdentity { get; }

    /// <summary>Takes the folder, which is made where it is missing; null where there is none.</summary>
    /// <exception cref="IOException">Another training uses the folder, or it cannot be written to.</exception>
    /// <exception cref="InvalidDataException">There is a checkpoint that cannot be used, and none before it that can.</exception>
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

    /// <summary>The seed of the run: that of the checkpoint where a run was interrupted, so that it goes on as it would have.</summary>
    internal int SeedOf(int own) => Found is { Finished: false } ? Found.Seed : own;

    /// <summary>Where the run goes on from; null where it begins anew: without a checkpoint, or after a finished run with other options, data or seed.</summary>
    /// <param name="identity">Options and data of this run.</param>
    /// <param name="seed">Its seed.</param>
    /// <param name="startsOver">Told why a finished run is not taken.</param>
    /// <param name="processes">How many processes train; where they have become more or fewer, the batch of each may be another.</param>
    /// <exception cref="InvalidOperationException">The run that was interrupted had other options or data.</exception>
    internal RunProgress? ResumeFrom(IReadOnlyDictionary<string, string> identity, int seed, Action<string> startsOver, int processes = 1)
    {
        if (Found is null)
            return null;
        List<string> differences = [.. RunIdentity.Differences(Found.Processes == processes ? FoundIdentity! : RunIdentity.WithBatchSizeOf(identity, FoundIdentity!), identity)];
        if (Found.Finished)
        {
            Int128 were = RowsOf(FoundIdentity!, Found.Processes), are = RowsOf(identity, processes);
            if (Found.Processes != processes && were != are)
                differences.Add($"the rows of an update were {were} and are {are}");
        }

        if (Found.Seed != seed)
            differences.Add(string.Create(CultureInfo.InvariantCulture, $"the seed was {Found.Seed} and is {seed}"));
        if (differences.Count == 0)
            return Found;
        if (Found.Finished)
        {
            startsOver($"The workspace {Folder} has the result of another training: {string.Join("; ", differences)}. Training starts over. Set WorkspacePath to another folder for each training to keep both.");
            return null;
        }

        throw new InvalidOperationException(
            $"{Checkpoint} belongs to a training that was interrupted after {Found.Epochs.Count} epochs and differs from this one: {string.Join("; ", differences)}. " +
            "Make them the same to go on with it, delete the file to train anew, or set WorkspacePath to another folder.");
    }

    /// <summary>The rows of a batch of all processes.</summary>
    private static Int128 RowsOf(IReadOnlyDictionary<string, string> identity, int processes) => Int128.Parse(identity["BatchSize"], CultureInfo.InvariantCulture) * processes;

    public void Dispose() => _lock.Dispose();

    /// <summary>
    /// The checkpoint; where it is damaged the one before it, which takes its place. The damaged one stays under another name. Who deletes the checkpoint wants to begin anew: then the
    /// one before it goes too.
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
            throw new InvalidDataException($"{damage.Message} So is the one before it: {e.Message} Delete the first to train anew, or set WorkspacePath to another folder.", damage);
        }

        string aside = Path.Combine(Folder, DamagedName);
        File.Move(Checkpoint, aside, overwrite: true);
        File.Move(Previous, Checkpoint);
        Warning = $"{damage.Message} The checkpoint before it is used; the damaged one is kept as {aside}.";
        return found;
    }

    /// <summary>The system lets go of the lock with the process, by whatever end.</summary>
    private static FileStream Lock(string folder)
    {
        string path = Path.Combine(folder, LockName);
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The workspace {folder} cannot be made: {e.Message.TrimEnd('.')}. Set WorkspacePath to a folder that can be written to.", e);
        }

        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (_heldErrors.Contains(e.HResult))
        {
            throw new IOException($"The workspace {folder} is used by another training, in this process or another: wait until it has ended, or give each its own WorkspacePath.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The workspace {folder} cannot be written to: {e.Message.TrimEnd('.')}. Set WorkspacePath to a folder that can be.", e);
        }
    }
}
