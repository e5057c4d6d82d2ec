// The progress of long work: what a display offers, the silent display, and the forwarder of the trainer's metrics.
namespace Microsoft.ML.VisionTransformer.Cli.Progress;

internal interface IProgressDisplay
{
    /// <summary>Runs the work and shows progress meanwhile.</summary>
    T Show<T>(Func<T> work);

    /// <summary>Reports a training step, the end of an epoch, or images whose features were computed.</summary>
    void Training(TrainingMetrics metrics);

    /// <summary>Reports how many of the images have been processed.</summary>
    void Images(string what, int done, int total);

    /// <summary>Writes a line that progress does not overwrite.</summary>
    void Message(string text);
}

/// <summary>Writes messages and no progress.</summary>
internal sealed class SilentProgress(TextWriter error) : IProgressDisplay
{
    public T Show<T>(Func<T> work) => work();

    public void Training(TrainingMetrics metrics)
    {
    }

    public void Images(string what, int done, int total)
    {
    }

    public void Message(string text) => error.WriteLine(text);
}

/// <summary>
/// Forwards the trainer's metrics to the current display. The trainer takes its callback before training begins; the display exists only while training runs.
/// </summary>
internal sealed class ProgressForwarder
{
    private IProgressDisplay? _display;

    internal void Training(TrainingMetrics metrics) => _display?.Training(metrics);

    internal T During<T>(IProgressDisplay display, Func<T> work)
    {
        _display = display;
        try
        {
            return work();
        }
        finally
        {
            _display = null;
        }
    }
}
