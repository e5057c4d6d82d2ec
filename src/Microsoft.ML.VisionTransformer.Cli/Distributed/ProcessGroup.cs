// The processes of a run, each of which does its part; an error in one of them ends all.
using System.Text.Json;

namespace Microsoft.ML.VisionTransformer.Cli.Distributed;

internal interface IProcessGroup
{
    /// <summary>Number of this process, from 0.</summary>
    int Rank { get; }

    /// <summary>Number of processes, at least 1.</summary>
    int Size { get; }

    /// <summary>Gives every process the bytes of all, by rank. All call it, in the same order, and wait there for each other.</summary>
    IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> own);
}

/// <summary>
/// All processes meet at each <see cref="Exchange"/>, in the same order, and last at <see cref="Barrier"/> or <see cref="Fail"/>. A process that fails goes
/// to its next meeting with the error in place of its share, so that none waits for one that has left.
/// </summary>
/// <exception cref="InvalidOperationException">A launcher started the process, and there is no MPI library.</exception>
internal sealed class RunGroup(IProcessGroup group)
{
    private const byte Fine = 0, Failed = 1;

    private bool _broken;

    /// <summary>Number of this process, from 0.</summary>
    internal int Rank { get; } = group.Rank;

    /// <summary>Number of processes.</summary>
    internal int Size { get; } = group.Size;

    /// <summary>Whether this is the process that writes and tells.</summary>
    internal bool IsMain => Rank == 0;

    /// <summary>Whether this process has to tell of an error itself: it is the main one, or no longer reaches the others.</summary>
    internal bool ReportsErrors => IsMain || _broken;

    /// <summary>Gives every process what each of them has, by rank.</summary>
    /// <exception cref="ProcessFailureException">One has failed.</exception>
    /// <exception cref="IOException">The others cannot be reached.</exception>
    internal IReadOnlyList<ReadOnlyMemory<byte>> Exchange(ReadOnlySpan<byte> own)
    {
        var answers = Gather(Fine, own);
        return FirstFailure(answers) is { } failure
            ? throw new ProcessFailureException(failure)
            : [.. answers.Select(answer => new ReadOnlyMemory<byte>(answer, 1, answer.Length - 1))];
    }

    /// <summary>Waits until all are here.</summary>
    /// <exception cref="ProcessFailureException">One has failed.</exception>
    internal void Barrier()
    {
        if (Size > 1)
            Exchange([]);
    }

    /// <summary>Tells the others of an error, unless they told this process of it.</summary>
    /// <returns>The failure that all processes end with: of several the one with the lowest rank.</returns>
    internal ProcessFailure Fail(Exception error, string message, int exitCode)
    {
        if (error is ProcessFailureException told)
            return told.Failure;
        var own = new ProcessFailure(Rank, Environment.MachineName, message, exitCode);
        if (Size == 1 || _broken)
            return own;
        try
        {
            return FirstFailure(Gather(Failed, own.ToBytes())) ?? own;
        }
        catch (IOException)
        {
            return own;    // nobody is there to be told: this process says it, and its exit code ends what is left
        }
    }

    private static ProcessFailure? FirstFailure(IReadOnlyList<byte[]> answers) =>
        answers.Where(answer => answer[0] == Failed).Select(answer => ProcessFailure.Of(answer.AsSpan(1))).FirstOrDefault();

    private IReadOnlyList<byte[]> Gather(byte state, ReadOnlySpan<byte> own)
    {
        try
        {
            return group.Gather([state, .. own]);
        }
        catch
        {
            _broken = true;
            throw;
        }
    }
}

/// <param name="Rank">The process that failed.</param>
/// <param name="Machine">Where it runs.</param>
/// <param name="Message">For people.</param>
/// <param name="ExitCode">What the command ends with.</param>
internal sealed record ProcessFailure(int Rank, string Machine, string Message, int ExitCode)
{
    /// <summary>What rank 0 tells. Of a failure of its own it speaks as a command without other processes does.</summary>
    internal string Told => Rank == 0 ? Message : $"Rank {Rank} on {Machine}: {Message}";

    internal byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this);

    internal static ProcessFailure Of(ReadOnlySpan<byte> bytes) => JsonSerializer.Deserialize<ProcessFailure>(bytes)!;
}

/// <summary>Thrown where a process learns that another has failed.</summary>
internal sealed class ProcessFailureException(ProcessFailure failure) : Exception(failure.Told)
{
    internal ProcessFailure Failure => failure;
}

internal sealed class MpiProcesses : IProcessGroup
{
    public int Rank => DistributedRun.Rank;

    public int Size => DistributedRun.Size;

    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> own) => DistributedRun.Gather(own);
}

internal sealed class OneProcess : IProcessGroup
{
    public int Rank => 0;

    public int Size => 1;

    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> own) => [own.ToArray()];
}
