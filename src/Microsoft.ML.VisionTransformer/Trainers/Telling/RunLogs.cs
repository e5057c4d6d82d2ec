// The files that a run writes about itself.
namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>A table of epochs, and TensorBoard's events of steps and epochs, in the workspace.</summary>
internal sealed class RunLogs : IDisposable
{
    /// <summary>Names in the workspace.</summary>
    internal const string TableName = "metrics.csv", EventsFolder = "tensorboard";

    private readonly MetricsTable? _table;
    private readonly TensorBoardEvents? _events;

    /// <param name="folder">The workspace.</param>
    /// <param name="logs">Which files.</param>
    /// <param name="found">Where the run goes on from; null at its beginning.</param>
    /// <exception cref="IOException">A file cannot be written to.</exception>
    internal RunLogs(string folder, TrainingLogs logs, RunProgress? found)
    {
        if (logs.HasFlag(TrainingLogs.Csv))
        {
            _table = new MetricsTable(Path.Combine(folder, TableName), "epoch", MetricTags.OfEpoch);
            if (found is null)
                _table.Start();
            else
                _table.ResumeAt(found.Epochs.Count + 1);
        }

        if (logs.HasFlag(TrainingLogs.TensorBoard))
        {
            _events = new TensorBoardEvents(Path.Combine(folder, EventsFolder));
            _events.ResumeAt((found?.Step ?? 0) + 1);
        }
    }

    /// <summary>The figures after a step: those of the epoch so far.</summary>
    internal void Step(TrainingMetrics metrics) => _events?.Add(
        StepOfRun(metrics), [.. MetricTags.Of(metrics).Where(figure => MetricTags.OfBatch.Contains(figure.Tag))]);

    /// <summary>The figures of an epoch.</summary>
    internal void Epoch(TrainingMetrics metrics)
    {
        _table?.Add(metrics.Epoch, MetricTags.Of(metrics));
        _events?.Add(StepOfRun(metrics), [.. MetricTags.Of(metrics).Where(figure => !MetricTags.OfBatch.Contains(figure.Tag))]);
    }

    public void Dispose()
    {
        _table?.Dispose();
        _events?.Dispose();
    }

    private static long StepOfRun(TrainingMetrics metrics) => (long)(metrics.Epoch - 1) * metrics.Steps + metrics.Step;
}
