// The figures of a run as a table: a comma-separated file that grows by one line a step.
using System.Buffers.Text;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>
/// RFC 4180: a header, then one line a step, its first field the step; numbers are invariant, with a point, and read back bit for bit; what is not there is an
/// empty field. Each line is in the file when <see cref="Add"/> returns.
/// </summary>
internal sealed class MetricsTable : IMetricsSink
{
    private readonly AppendedFile _file;
    private readonly string _path;
    private readonly string[] _tags;
    private readonly byte[] _header;

    /// <summary>Opens the table; <see cref="Start"/> or <see cref="ResumeAt"/> says what becomes of lines that are there.</summary>
    /// <param name="path">The file; made, with its folder, where it is missing.</param>
    /// <param name="stepName">Header of the first column: "epoch" or "batch".</param>
    /// <param name="tags">Headers of the other columns: the figures that it takes.</param>
    /// <exception cref="IOException">The file cannot be written to.</exception>
    internal MetricsTable(string path, string stepName, params string[] tags)
    {
        _path = Guard.NotBlank(path);
        _tags = tags;
        _header = CsvLine.Of([stepName, .. tags]);
        _file = AppendedFile.Open(path, FileMode.OpenOrCreate);
    }

    /// <summary>A new run: earlier lines go.</summary>
    /// <exception cref="IOException">The file cannot be written to.</exception>
    internal void Start()
    {
        _file.CutAt(0);
        _file.Append(_header);
    }

    /// <summary>
    /// A run goes on: lines of that step and later go, and so does a last line without its end, which a killed process left. An empty file is started anew.
    /// </summary>
    /// <param name="step">The first step that will be added.</param>
    /// <exception cref="InvalidDataException">The file has other columns: it is no table of this run.</exception>
    /// <exception cref="IOException">The file cannot be read or written to.</exception>
    internal void ResumeAt(long step)
    {
        byte[] content = _file.ReadAll();
        if (_header.AsSpan().StartsWith(content))    // a header that is not complete, or no byte at all
        {
            Start();
            return;
        }

        if (!content.AsSpan().StartsWith(_header))
            throw new InvalidDataException($"{_path} has other columns than this run writes. Move it away, and the run begins a new one.");
        _file.CutAt(LengthBefore(content, _header.Length, step));
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The table has no column for a figure.</exception>
    public void Add(long step, params (string Tag, double? Value)[] figures)
    {
        string[] fields = new string[_tags.Length + 1];
        Array.Fill(fields, "");
        fields[0] = step.ToString(CultureInfo.InvariantCulture);
        foreach (var (tag, value) in figures)
        {
            int column = Array.IndexOf(_tags, tag);
            Guard.That(column >= 0, nameof(figures), $"The table {_path} has no column for {tag}.");
            fields[column + 1] = CsvLine.Number(value);
        }

        _file.Append(CsvLine.Of(fields));
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Bytes up to the first line that is not complete, is of that step or a later one, or does not begin with a step.</summary>
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
