// The log files of a run, and the append-only file that they are written to.
using Microsoft.ML.VisionTransformer.Training.Checkpointing;

namespace Microsoft.ML.VisionTransformer.Training.Logging;

/// <summary>A CSV table of epochs and TensorBoard events of steps and epochs, in the workspace.</summary>
internal sealed class RunLogs : IDisposable
{
    /// <summary>Names of the files in the workspace.</summary>
    internal const string TableName = "metrics.csv", EventsFolder = "tensorboard";

    private readonly MetricsTable? _table;
    private readonly TensorBoardEvents? _events;

    /// <param name="folder">The workspace.</param>
    /// <param name="logs">The files to write.</param>
    /// <param name="found">The progress to resume from; null for a new run.</param>
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

    /// <summary>Logs the metrics of the epoch so far, after a step.</summary>
    internal void Step(TrainingMetrics metrics) => _events?.Add(
        StepOfRun(metrics), [.. MetricTags.Of(metrics).Where(metric => MetricTags.OfStep.Contains(metric.Tag))]);

    /// <summary>Logs the metrics of an epoch.</summary>
    internal void Epoch(TrainingMetrics metrics)
    {
        _table?.Add(metrics.Epoch, MetricTags.Of(metrics));
        _events?.Add(StepOfRun(metrics), [.. MetricTags.Of(metrics).Where(metric => !MetricTags.OfStep.Contains(metric.Tag))]);
    }

    public void Dispose()
    {
        _table?.Dispose();
        _events?.Dispose();
    }

    private static long StepOfRun(TrainingMetrics metrics) => (long)(metrics.Epoch - 1) * metrics.Steps + metrics.Step;
}

/// <summary>An append-only file without buffering in this process: a killed run loses no line, while a power failure may lose the last ones.</summary>
internal sealed class AppendedFile : IDisposable
{
    private readonly FileStream _stream;

    private AppendedFile(FileStream stream) => _stream = stream;

    /// <summary>Opens a file at its end; creates its folder if missing.</summary>
    /// <exception cref="IOException">The file cannot be written to; the message names it.</exception>
    internal static AppendedFile Open(string path, FileMode mode)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            var stream = new FileStream(path, mode, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
            stream.Seek(0, SeekOrigin.End);
            return new AppendedFile(stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(path, e);
        }
    }

    internal long Length => _stream.Length;

    /// <summary>The whole content.</summary>
    internal byte[] ReadAll()
    {
        byte[] content = new byte[Length];
        _stream.Seek(0, SeekOrigin.Begin);
        _stream.ReadExactly(content);
        return content;
    }

    /// <summary>Truncates the file to a length and appends from there.</summary>
    internal void CutAt(long length)
    {
        _stream.SetLength(length);
        _stream.Seek(0, SeekOrigin.End);
    }

    /// <exception cref="IOException">The content cannot be written completely; the message names the file.</exception>
    internal void Append(ReadOnlySpan<byte> content)
    {
        try
        {
            _stream.Write(content);
        }
        catch (IOException e)
        {
            throw NotWritten(_stream.Name, e);
        }
    }

    public void Dispose() => _stream.Dispose();

    private static IOException NotWritten(string path, Exception e) =>
        new($"The metrics of this run cannot be written to {path}: {e.Message.TrimEnd('.')}. Free space there, or set WorkspacePath to another folder.", e);
}
