// The processes of a run, each of which does its share; an error in one of them ends all.
namespace Microsoft.ML.VisionTransformer.Cli.Processes;

/// <summary>
/// All processes meet at each <see cref="Exchange"/>, in the same order, and last at <see cref="Meet"/> or <see cref="Fail"/>. A process that fails goes
/// to its next meeting with the error in place of its share, so that none waits for one that has left.
/// </summary>
/// <exception cref="InvalidOperationException">A launcher started the process, and there is no MPI library.</exception>
internal sealed class Team(IProcessGroup group)
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
    internal bool Speaks => IsMain || _broken;

    /// <summary>Gives every process what each of them has, by rank.</summary>
    /// <exception cref="TeamFailureException">One has failed.</exception>
    /// <exception cref="IOException">The others cannot be reached.</exception>
    internal IReadOnlyList<ReadOnlyMemory<byte>> Exchange(ReadOnlySpan<byte> own)
    {
        var answers = Gather(Fine, own);
        return FirstFailure(answers) is { } failure
            ? throw new TeamFailureException(failure)
            : [.. answers.Select(answer => new ReadOnlyMemory<byte>(answer, 1, answer.Length - 1))];
    }

    /// <summary>Waits until all are here.</summary>
    /// <exception cref="TeamFailureException">One has failed.</exception>
    internal void Meet()
    {
        if (Size > 1)
            Exchange([]);
    }

    /// <summary>Tells the others of an error, unless they told this process of it.</summary>
    /// <returns>The failure that all processes end with: of several the one with the lowest rank.</returns>
    internal TeamFailure Fail(Exception error, string message, int exitCode)
    {
        if (error is TeamFailureException told)
            return told.Failure;
        var own = new TeamFailure(Rank, Environment.MachineName, message, exitCode);
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

    private static TeamFailure? FirstFailure(IReadOnlyList<byte[]> answers) =>
        answers.Where(answer => answer[0] == Failed).Select(answer => TeamFailure.Of(answer.AsSpan(1))).FirstOrDefault();

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
