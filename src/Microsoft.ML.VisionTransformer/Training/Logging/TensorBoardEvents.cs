// Writes the metrics of a run to a TensorBoard event file.
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Training.Logging;

/// <summary>
/// An event file of scalars, in a folder to pass to <c>tensorboard --logdir</c>. Each run and each resumption writes a separate file, as TensorBoard
/// expects; each event is in the file when <see cref="Add"/> returns.
/// </summary>
internal sealed class TensorBoardEvents : IMetricsSink
{
    private static int _files;

    private readonly TimeProvider _time;
    private readonly AppendedFile _file;

    /// <param name="folder">The folder; created if missing.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <exception cref="IOException">No file can be created there.</exception>
    internal TensorBoardEvents(string folder, TimeProvider? time = null)
    {
        Guard.NotBlank(folder);
        _time = time ?? TimeProvider.System;
        // TensorBoard reads the files of a folder in the order of their names, so the time comes first.
        string name = string.Create(
            CultureInfo.InvariantCulture,
            $"events.out.tfevents.{_time.GetUtcNow().ToUnixTimeSeconds():D10}.{Environment.MachineName}.{Environment.ProcessId}.{Interlocked.Increment(ref _files)}");
        Path = System.IO.Path.Combine(folder, name);
        _file = AppendedFile.Open(Path, FileMode.CreateNew);
        _file.Append(RecordFile.Record(EventMessage.FileVersion(WallTime())));
    }

    /// <summary>Path of the file.</summary>
    internal string Path { get; }

    /// <summary>Resumes a run: TensorBoard hides events of that step and later ones in earlier files of the folder.</summary>
    /// <param name="step">The next step to be added.</param>
    /// <exception cref="IOException">The file cannot be written to.</exception>
    internal void ResumeAt(long step) => _file.Append(RecordFile.Record(EventMessage.Restart(WallTime(), step)));

    /// <inheritdoc/>
    public void Add(long step, params (string Tag, double? Value)[] metrics)
    {
        var known = metrics.Where(f => f.Value is { } value && !double.IsNaN(value)).Select(f => (f.Tag, (float)f.Value!.Value)).ToArray();
        if (known.Length > 0)
            _file.Append(RecordFile.Record(EventMessage.Summary(WallTime(), step, known)));
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Seconds since 1970.</summary>
    private double WallTime() => (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;
}

/// <summary>
/// tensorflow/core/util/event.proto: Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; SessionLog session_log = 7; },
/// SessionLog { status = 1, where 1 is START; }; summary.proto: Summary { repeated Value value = 1; }, Value { string tag = 1; float simple_value = 2; }.
/// </summary>
internal static class EventMessage
{
    /// <summary>The first event of a file.</summary>
    internal static byte[] FileVersion(double wallTime) => At(wallTime, step: 0).Text(3, "brain.Event:2").ToArray();

    /// <summary>Marks that a run resumes at that step: TensorBoard hides events of that step and later ones in earlier files.</summary>
    internal static byte[] Restart(double wallTime, long step) => At(wallTime, step).Message(7, new ProtoMessage().Integer(1, 1)).ToArray();

    /// <summary>The metrics of a step.</summary>
    /// <param name="wallTime">Seconds since 1970, UTC.</param>
    /// <param name="step">The step.</param>
    /// <param name="values">Tags and values.</param>
    internal static byte[] Summary(double wallTime, long step, IEnumerable<(string Tag, float Value)> values) =>
        At(wallTime, step).Message(5, new ProtoMessage().Messages(1, values.Select(metric => new ProtoMessage().Text(1, metric.Tag).Float(2, metric.Value)))).ToArray();

    private static ProtoMessage At(double wallTime, long step)
    {
        var message = new ProtoMessage().Double(1, wallTime);
        return step == 0 ? message : message.Integer(2, step);    // proto3 omits zero values
    }
}

/// <summary>
/// *** Binary format *** of a record (tensorflow/core/lib/io/record_writer.h): uint64 length, uint32 masked CRC-32C of these 8 bytes, the data, uint32 masked
/// CRC-32C of the data; all little-endian.
/// </summary>
internal static class RecordFile
{
    private const int Before = sizeof(ulong) + sizeof(uint);

    /// <summary>The data as a record.</summary>
    internal static byte[] Record(ReadOnlySpan<byte> data)
    {
        byte[] record = new byte[Before + data.Length + sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(sizeof(ulong)), Masked(Crc32C(record.AsSpan(0, sizeof(ulong)))));
        data.CopyTo(record.AsSpan(Before));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(Before + data.Length), Masked(Crc32C(data)));
        return record;
    }

    /// <summary>CRC-32C (Castagnoli; RFC 3720, appendix B.4).</summary>
    internal static uint Crc32C(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    /// <summary>Masks the checksum, because a CRC of data that contain CRCs is weak; the rotation and the constant are TensorFlow's.</summary>
    private static uint Masked(uint crc) => unchecked(BitOperations.RotateRight(crc, 15) + 0xA282EAD8);
}
