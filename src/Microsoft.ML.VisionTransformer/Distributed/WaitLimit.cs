// Ends a process that has waited too long for the others of its job.
using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Distributed;

/// <summary>
/// A process waits inside MPI, where nothing can be thrown, and a network that has gone silent may let it wait for hours. Past the limit it writes why to the error stream and
/// ends, whereupon the launcher ends the rest of the job.
/// </summary>
internal sealed class WaitLimit
{
    /// <summary>The variable with the limit in seconds; 0 for none.</summary>
    internal const string Variable = "VISION_TRANSFORMER_MPI_TIMEOUT_SECONDS";

    /// <summary>Half an hour, as PyTorch's process groups have it: the slowest process may be writing a checkpoint or preparing images.</summary>
    private const int StandardSeconds = 1800;

    private readonly string _rank;
    private readonly int _seconds;
    private string _function = "";
    private long _began;

    private WaitLimit(string rank, int seconds)
    {
        (_rank, _seconds) = (rank, seconds);
        if (seconds > 0)
            new Thread(Watch) { IsBackground = true, Name = "Vision Transformer wait limit" }.Start();
    }

    /// <exception cref="InvalidOperationException">The variable has no such value.</exception>
    internal static WaitLimit FromEnvironment(int rank, int size) =>
        new(string.Create(CultureInfo.InvariantCulture, $"Rank {rank} of {size} on {Environment.MachineName}"), Seconds(Environment.GetEnvironmentVariable(Variable)));

    /// <summary>The limit that the variable's value says; null is none given.</summary>
    /// <exception cref="InvalidOperationException">It is no such value.</exception>
    internal static int Seconds(string? value)
    {
        if (value is null)
            return StandardSeconds;
        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
            ? seconds
            : throw new InvalidOperationException($"{Variable} is '{value}'; it must be a whole number of seconds, or 0 for no limit.");
    }

    /// <summary>A wait begins.</summary>
    internal void Begin(string function)
    {
        _function = function;
        Volatile.Write(ref _began, Stopwatch.GetTimestamp());
    }

    /// <summary>It has ended.</summary>
    internal void End() => Volatile.Write(ref _began, 0);

    private void Watch()
    {
        while (true)
        {
            Thread.Sleep(TimeSpan.FromSeconds(1));
            Look();
        }
    }

    private void Look()
    {
        long began = Volatile.Read(ref _began);
        if (began == 0 || Stopwatch.GetElapsedTime(began).TotalSeconds < _seconds)
            return;
        Console.Error.WriteLine(
            $"{_rank}: has waited {_seconds} s for the other processes in {_function}, and ends. One of them hangs, or the network between them is down. " +
            $"A training with a workspace goes on from its last checkpoint. {Variable} sets the limit.");
        Console.Error.Flush();
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }
}
