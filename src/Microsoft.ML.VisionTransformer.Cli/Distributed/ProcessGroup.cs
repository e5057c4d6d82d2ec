// The processes of a run: how they exchange bytes, and how an error in one of them ends them all.
using System.Text.Json;

namespace Microsoft.ML.VisionTransformer.Cli.Distributed;

internal interface ICommunicator
{
    /// <summary>Rank of this process, from 0.</summary>
    int Rank { get; }

    /// <summary>Number of processes, at least 1.</summary>
    int Size { get; }

    /// <summary>
    /// Collects the bytes of all processes, by rank, in every process. A collective operation: all processes call it in the same order, and it blocks
    /// until all have.
    /// </summary>
    IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> own);
}

/// <summary>
/// Collective operations with error propagation. All processes call <see cref="Exchange"/> in the same order, and finally <see cref="Barrier"/> or <see
/// cref="Fail"/>. A process that fails sends its error to the next collective operation in place of its data, so the others do not wait for it.
/// </summary>
/// <exception cref="InvalidOperationException">A launcher started the process, but there is no MPI library.</exception>
internal sealed class ProcessGroup(ICommunicator communicator)
{
    private const byte Succeeded = 0, Failed = 1;

    private bool _disconnected;

    /// <summary>Rank of this process, from 0.</summary>
    internal int Rank { get; } = communicator.Rank;

    /// <summary>Number of processes.</summary>
    internal int Size { get; } = communicator.Size;

    /// <summary>Whether this is rank 0, the process that writes results and messages.</summary>
    internal bool IsMain => Rank == 0;

    /// <summary>Whether this process reports errors itself: it is rank 0, or it can no longer reach the others.</summary>
    internal bool ReportsErrors => IsMain || _disconnected;

    /// <summary>Collects the data of all processes, by rank, in every process.</summary>
    /// <exception cref="ProcessFailureException">A process has failed.</exception>
    /// <exception cref="IOException">The other processes cannot be reached.</exception>
    internal IReadOnlyList<ReadOnlyMemory<byte>> Exchange(ReadOnlySpan<byte> own)
    {
        var answers = Gather(Succeeded, own);
        return FirstFailure(answers) is { } failure
            ? throw new ProcessFailureException(failure)
            : [.. answers.Select(answer => new ReadOnlyMemory<byte>(answer, 1, answer.Length - 1))];
    }

    /// <summary>Waits until all processes have called it.</summary>
    /// <exception cref="ProcessFailureException">A process has failed.</exception>
    internal void Barrier()
    {
        if (Size > 1)
            Exchange([]);
    }

    /// <summary>Sends an error to the other processes, unless it came from them.</summary>
    /// <returns>The failure that all processes end with: of several, the one with the lowest rank.</returns>
    internal ProcessFailure Fail(Exception error, string message, int exitCode)
    {
        if (error is ProcessFailureException received)
            return received.Failure;
        var own = new ProcessFailure(Rank, Environment.MachineName, message, exitCode);
        if (Size == 1 || _disconnected)
            return own;
        try
        {
            return FirstFailure(Gather(Failed, own.ToBytes())) ?? own;
        }
        catch (IOException)
        {
            return own;    // the others are gone: this process reports the error, and its exit code makes the launcher end the rest
        }
    }

    private static ProcessFailure? FirstFailure(IReadOnlyList<byte[]> answers) =>
        answers.Where(answer => answer[0] == Failed).Select(answer => ProcessFailure.Of(answer.AsSpan(1))).FirstOrDefault();

    private IReadOnlyList<byte[]> Gather(byte state, ReadOnlySpan<byte> own)
    {
        try
        {
            return communicator.Gather([state, .. own]);
        }
        catch
        {
            _disconnected = true;
            throw;
        }
    }
}

/// <param name="Rank">The process that failed.</param>
/// <param name="Machine">The machine that it runs on.</param>
/// <param name="Message">The error message.</param>
/// <param name="ExitCode">The exit code of the command.</param>
internal sealed record ProcessFailure(int Rank, string Machine, string Message, int ExitCode)
{
    /// <summary>The message that rank 0 prints. Its own errors read as they do without other processes; others name the process.</summary>
    internal string DisplayMessage => Rank == 0 ? Message : $"Rank {Rank} on {Machine}: {Message}";

    internal byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this);

    internal static ProcessFailure Of(ReadOnlySpan<byte> bytes) => JsonSerializer.Deserialize<ProcessFailure>(bytes)!;
}

/// <summary>Another process of the group has failed.</summary>
internal sealed class ProcessFailureException(ProcessFailure failure) : Exception(failure.DisplayMessage)
{
    internal ProcessFailure Failure => failure;
}

internal sealed class MpiCommunicator : ICommunicator
{
    public int Rank => DistributedRun.Rank;

    public int Size => DistributedRun.Size;

    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> own) => DistributedRun.Gather(own);
}

internal sealed class SingleProcess : ICommunicator
{
    public int Rank => 0;

    public int Size => 1;

    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> own) => [own.ToArray()];
}
