// Writes the metrics of a run to a CSV file, one line per step, under the tags that are defined here.
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Training.Logging;

/// <summary>
/// RFC 4180: a header, then one line per step that starts with the step. Values are in the invariant culture and round-trip exactly; a missing value
/// is an empty field. Each line is in the file when <see cref="Add"/> returns.
/// </summary>
internal sealed class MetricsTable : IMetricsSink
{
    private readonly AppendedFile _file;
    private readonly string _path;
    private readonly string[] _tags;
    private readonly byte[] _header;

    /// <summary>Opens the table. Call <see cref="Start"/> to drop existing lines or <see cref="ResumeAt"/> to keep them.</summary>
    /// <param name="path">The file; created, with its folder, if missing.</param>
    /// <param name="stepName">Header of the first column: "epoch" or "batch".</param>
    /// <param name="tags">Headers of the other columns: the tags of the metrics.</param>
    /// <exception cref="IOException">The file cannot be written to.</exception>
    internal MetricsTable(string path, string stepName, params string[] tags)
    {
        _path = Guard.NotBlank(path);
        _tags = tags;
        _header = CsvRecord.Of([stepName, .. tags]);
        _file = AppendedFile.Open(path, FileMode.OpenOrCreate);
    }

    /// <summary>Starts a new run: drops all earlier lines.</summary>
    /// <exception cref="IOException">The file cannot be written to.</exception>
    internal void Start()
    {
        _file.CutAt(0);
        _file.Append(_header);
    }

    /// <summary>
    /// Resumes a run: drops the lines of that step and later ones, and an incomplete last line left by a killed process. An empty file is started as a new one.
    /// </summary>
    /// <param name="step">The next step to be added.</param>
    /// <exception cref="InvalidDataException">The file has other columns, so it does not belong to this run.</exception>
    /// <exception cref="IOException">The file cannot be read or written to.</exception>
    internal void ResumeAt(long step)
    {
        byte[] content = _file.ReadAll();
        if (_header.AsSpan().StartsWith(content))    // an incomplete header, or an empty file
        {
            Start();
            return;
        }

        if (!content.AsSpan().StartsWith(_header))
            throw new InvalidDataException($"{_path} does not have the columns that this run writes. Move it away; the run then creates a new one.");
        _file.CutAt(LengthBefore(content, _header.Length, step));
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The table has no column for a tag.</exception>
    public void Add(long step, params (string Tag, double? Value)[] metrics)
    {
        string[] fields = new string[_tags.Length + 1];
        Array.Fill(fields, "");
        fields[0] = step.ToString(CultureInfo.InvariantCulture);
        foreach (var (tag, value) in metrics)
        {
            int column = Array.IndexOf(_tags, tag);
            Guard.That(column >= 0, nameof(metrics), $"The table {_path} has no column for {tag}.");
            fields[column + 1] = CsvRecord.Number(value);
        }

        _file.Append(CsvRecord.Of(fields));
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Number of bytes before the first line that is incomplete, belongs to that step or a later one, or does not start with a step.</summary>
    private static int LengthBefore(byte[] content, int start, long step)
    {
        while (start < content.Length)
        {
            var rest = content.AsSpan(start);
            int end = rest.IndexOf("\r\n"u8);
            if (end < 0 || !Utf8Parser.TryParse(rest[..end], out long found, out int read) || read == end || rest[read] != (byte)',' || found >= step)
                break;
            start += end + 2;
        }

        return start;
    }
}

/// <summary>
/// A minimal CSV writer. The library reads no CSV and only appends records of numbers, which does not justify a dependency for every program that
/// references it. The command line, which reads tables of users, uses CsvHelper.
/// </summary>
internal static class CsvRecord
{
    internal const string End = "\r\n";

    private static readonly char[] _special = [',', '"', '\r', '\n'];

    /// <summary>The record with its line end, in UTF-8.</summary>
    internal static byte[] Of(IEnumerable<string> fields) => Encoding.UTF8.GetBytes(string.Join(',', fields.Select(Quoted)) + End);

    /// <summary>The shortest text that round-trips; empty for null and NaN.</summary>
    internal static string Number(double? value) => value is { } v && !double.IsNaN(v) ? v.ToString("R", CultureInfo.InvariantCulture) : "";

    private static string Quoted(string field) =>
        field.IndexOfAny(_special) < 0 ? field : $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}

internal static class MetricTags
{
    internal const string TrainingLoss = "loss/training";
    internal const string ValidationLoss = "loss/validation";
    internal const string TrainingAccuracy = "accuracy/training";
    internal const string ValidationAccuracy = "accuracy/validation";
    internal const string CalibrationError = "calibration/error";
    internal const string LearningRate = "learning_rate";
    internal const string ImagesPerSecond = "speed/images_per_second";
    internal const string ImageWaitFraction = "speed/image_wait_share";
    internal const string ElapsedSeconds = "elapsed_seconds";

    /// <summary>Tags of an epoch, in the order of the table's columns.</summary>
    internal static readonly string[] OfEpoch =
    [
        TrainingLoss,
        TrainingAccuracy,
        ValidationLoss,
        ValidationAccuracy,
        CalibrationError,
        LearningRate,
        ImagesPerSecond,
        ImageWaitFraction,
        ElapsedSeconds,
    ];

    /// <summary>Tags of a step.</summary>
    internal static readonly string[] OfStep = [TrainingLoss, TrainingAccuracy, LearningRate];

    /// <summary>The values of all tags.</summary>
    internal static (string Tag, double? Value)[] Of(TrainingMetrics metrics) =>
    [
        (TrainingLoss, metrics.TrainingLoss),
        (TrainingAccuracy, metrics.TrainingAccuracy),
        (ValidationLoss, metrics.ValidationLoss),
        (ValidationAccuracy, metrics.ValidationAccuracy),
        (CalibrationError, metrics.ValidationCalibrationError),
        (LearningRate, metrics.LearningRate),
        (ImagesPerSecond, metrics.ImagesPerSecond),
        (ImageWaitFraction, metrics.ImageWaitFraction),
        (ElapsedSeconds, metrics.Elapsed.TotalSeconds),
    ];
}
