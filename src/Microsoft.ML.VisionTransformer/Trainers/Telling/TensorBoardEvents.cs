// The figures of a run for TensorBoard, which draws them while it runs.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>
/// An event file of scalars in a folder that <c>tensorboard --logdir</c> is given. Each run, and each resumption of one, writes a file of its own, as TensorBoard
/// expects; each event is in the file when <see cref="Add"/> returns.
/// </summary>
internal sealed class TensorBoardEvents : IMetricsSink
{
    private static int _files;

    private readonly TimeProvider _time;
    private readonly AppendedFile _file;

    /// <param name="folder">The folder; made where it is missing.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <exception cref="IOException">No file can be made there.</exception>
    internal TensorBoardEvents(string folder, TimeProvider? time = null)
    {
        Guard.NotBlank(folder);
        _time = time ?? TimeProvider.System;
        // TensorBoard reads the files of a folder in the order of their names: seconds first.
        string name = string.Create(
            CultureInfo.InvariantCulture,
            $"events.out.tfevents.{_time.GetUtcNow().ToUnixTimeSeconds():D10}.{Environment.MachineName}.{Environment.ProcessId}.{Interlocked.Increment(ref _files)}");
        Path = System.IO.Path.Combine(folder, name);
        _file = AppendedFile.Open(Path, FileMode.CreateNew);
        _file.Append(RecordFile.Record(EventMessage.FileVersion(WallTime())));
    }

    /// <summary>The file.</summary>
    internal string Path { get; }

    /// <summary>A run goes on: TensorBoard hides what earlier files of the folder have of that step and later.</summary>
    /// <param name="step">The first step that will be added.</param>
    /// <exception cref="IOException">The disk does not take it.</exception>
    internal void ResumeAt(long step) => _file.Append(RecordFile.Record(EventMessage.Restart(WallTime(), step)));

    /// <inheritdoc/>
    public void Add(long step, params (string Tag, double? Value)[] figures)
    {
        var known = figures.Where(f => f.Value is { } value && !double.IsNaN(value)).Select(f => (f.Tag, (float)f.Value!.Value)).ToArray();
        if (known.Length > 0)
            _file.Append(RecordFile.Record(EventMessage.Summary(WallTime(), step, known)));
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Seconds since 1970.</summary>
    private double WallTime() => (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;
}
