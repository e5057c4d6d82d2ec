// Ends a job in which this process has waited too long for the others.
using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Distributed;

/// <summary>
/// MPI waits for ever for a machine behind a link that was cut, or for a process that does something else. What is stuck inside of MPI cannot be called back, so that the
/// end is that of the process: first a message, then <c>MPI_Abort</c> for the others that can still be reached, then, where that hangs too, the process alone.
/// </summary>
internal sealed class WaitWatch : IDisposable
{
    /// <summary>The variable that has the limit in seconds; 0 waits for ever.</summary>
    internal const string Variable = "VISION_TRANSFORMER_MPI_TIMEOUT";

    /// <summary>
    /// One process may well wait while another writes a checkpoint to a slow disk or computes its features on a slow processor; PyTorch's processes wait as long under Gloo.
    /// </summary>
    private static readonly TimeSpan _standard = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan _timeToAbort = TimeSpan.FromSeconds(3);

    private readonly TimeSpan _limit;
    private readonly Action<string, TimeSpan> _end;
    private readonly Timer _timer;
    private long _since;
    private string _function = "";

    /// <param name="limit">How long a call may take.</param>
    /// <param name="end">Told the call and how long it has taken, when it is longer.</param>
    internal WaitWatch(TimeSpan limit, Action<string, TimeSpan> end)
    {
        (_limit, _end) = (limit, end);
        var interval = TimeSpan.FromSeconds(Math.Clamp(limit.TotalSeconds / 4, 0.1, 5));
        _timer = new Timer(_ => Look(), null, interval, interval);
    }

    /// <summary>The limit that the variable sets; null waits for ever.</summary>
    /// <exception cref="InvalidOperationException">It is no number of seconds.</exception>
    internal static TimeSpan? Limit(Func<string, string?> variable)
    {
        if (variable(Variable) is not { Length: > 0 } text)
            return _standard;
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) || !(seconds <= TimeSpan.FromDays(365).TotalSeconds))
            throw new InvalidOperationException($"The variable {Variable} is '{text}'; it must be a number of seconds, or 0 to wait for ever.");
        return seconds == 0 ? null : TimeSpan.FromSeconds(seconds);
    }

    /// <summary>What is told at the end.</summary>
    internal static string Message(int rank, int size, string function, TimeSpan waited, string? during) => string.Create(
        CultureInfo.InvariantCulture,
        $"Rank {rank} of {size} on {Environment.MachineName}: {function} has waited {waited.TotalSeconds:F0} s for the other processes{(during is null ? "" : $", {during}")}: one of them, its machine or the link to it is gone, or much slower. The job ends here. The variable {Variable} has the seconds to wait; 0 waits for ever.");

    /// <summary>Ends this process, and the others where they can be reached.</summary>
    /// <param name="abort">Calls <c>MPI_Abort</c>.</param>
    internal static void EndAll(Action abort)
    {
        new Thread(() => abort()) { IsBackground = true }.Start();
        Thread.Sleep(_timeToAbort);
        using var self = Process.GetCurrentProcess();
        self.Kill();    // Environment.Exit would wait for the call that is stuck
    }

    /// <summary>A call begins; no other does before it ends.</summary>
    internal void Begin(string function)
    {
        _function = function;
        Volatile.Write(ref _since, Stopwatch.GetTimestamp());
    }

    /// <summary>The call has come back.</summary>
    internal void End() => Volatile.Write(ref _since, 0);

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        long since = Volatile.Read(ref _since);
        if (since == 0 || Stopwatch.GetElapsedTime(since) is var waited && waited < _limit)
            return;
        _timer.Dispose();    // once is enough
        _end(_function, waited);
    }
}
