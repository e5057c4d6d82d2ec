// Leads what the trainer tells to the display that is on.
using Microsoft.ML.VisionTransformer.Cli.Progress;

namespace Microsoft.ML.VisionTransformer.Cli.Training;

/// <summary>The trainer takes its callback before training begins, the display is there only while it runs.</summary>
internal sealed class DisplayLink
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
