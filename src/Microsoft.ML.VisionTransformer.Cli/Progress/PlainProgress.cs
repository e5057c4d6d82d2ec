// Shows progress as plain lines, for a file or a log.
using System.Diagnostics;

namespace Microsoft.ML.VisionTransformer.Cli.Progress;

/// <summary>
/// One line per epoch, and one every ten seconds within a long epoch. Of very short epochs, as in a linear probe, it writes at most one per 0.3 s, and
/// the last.
/// </summary>
internal sealed class PlainProgress(TextWriter error) : IProgressDisplay
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan _minimumInterval = TimeSpan.FromSeconds(0.3);

    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();

    public T Show<T>(Func<T> work) => work();

    public void Training(TrainingMetrics metrics)
    {
        bool epoch = metrics.Phase == TrainingPhase.Epoch;
        if (_sinceLast.Elapsed >= (epoch ? _minimumInterval : _interval) || (epoch && (metrics.Epoch == 1 || metrics.Epoch == metrics.Epochs)))
            Message(metrics.ToString());
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
    }
}
