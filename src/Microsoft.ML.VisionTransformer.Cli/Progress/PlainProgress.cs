// Shows progress as plain lines, for a file or a log.
using System.Diagnostics;

namespace Microsoft.ML.VisionTransformer.Cli.Progress;

/// <summary>
/// One line per epoch, and one every ten seconds within a long epoch. The epochs of a linear probe are steps of an optimizer that take milliseconds: of
/// those it writes the first, the last, and at most one per 0.3 s.
/// </summary>
internal sealed class PlainProgress(TextWriter error) : IProgressDisplay
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(10);

    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();

    private string? _lastEpoch;

    /// <summary>The last epoch always has its line: a linear probe often converges before its last step.</summary>
    public T Show<T>(Func<T> work)
    {
        var result = work();
        if (_lastEpoch is { } line)
            Message(line);
        return result;
    }

    public void Training(TrainingMetrics metrics)
    {
        if (metrics.Phase == TrainingPhase.Epoch ? EpochLines.Shows(metrics, _sinceLast.Elapsed) : _sinceLast.Elapsed >= _interval)
            Message(metrics.ToString());
        else if (metrics.Phase == TrainingPhase.Epoch)
            _lastEpoch = metrics.ToString();
    }

    public void Images(string what, int done, int total)
    {
        if (_sinceLast.Elapsed >= _interval)
            Message($"{what} {done}/{total}");
    }

    public void Message(string text)
    {
        error.WriteLine(text);
        _sinceLast.Restart();
        _lastEpoch = null;
    }
}

internal static class EpochLines
{
    private static readonly TimeSpan _minimumInterval = TimeSpan.FromSeconds(0.3);

    /// <summary>Whether an epoch gets a line. Only a linear probe has no learning rate.</summary>
    /// <param name="metrics">The metrics of the epoch.</param>
    /// <param name="sinceLast">Time since the last line.</param>
    internal static bool Shows(TrainingMetrics metrics, TimeSpan sinceLast) =>
        metrics.LearningRate > 0 || metrics.Epoch == 1 || metrics.Epoch == metrics.Epochs || sinceLast >= _minimumInterval;
}
