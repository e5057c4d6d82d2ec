// The error that ends the command in all processes.
using System.Text.Json;

namespace Microsoft.ML.VisionTransformer.Cli.Processes;

/// <param name="Rank">The process that failed.</param>
/// <param name="Machine">Where it runs.</param>
/// <param name="Message">For people.</param>
/// <param name="ExitCode">What the command ends with.</param>
internal sealed record TeamFailure(int Rank, string Machine, string Message, int ExitCode)
{
    /// <summary>What rank 0 tells. Of a failure of its own it speaks as a command without other processes does.</summary>
    internal string Told => Rank == 0 ? Message : $"Rank {Rank} on {Machine}: {Message}";

    internal byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this);

    internal static TeamFailure Of(ReadOnlySpan<byte> bytes) => JsonSerializer.Deserialize<TeamFailure>(bytes)!;
}

/// <summary>Thrown where a process learns that another has failed.</summary>
internal sealed class TeamFailureException(TeamFailure failure) : Exception(failure.Told)
{
    internal TeamFailure Failure => failure;
}
