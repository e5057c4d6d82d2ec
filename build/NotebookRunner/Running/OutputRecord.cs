// Collects the outputs of a cell in order: console text and displayed data.
using System.Text;
using NotebookRunner.Model;

namespace NotebookRunner.Running;

/// <summary>Thread-safe, because training writes from other threads.</summary>
internal sealed class OutputRecord
{
    private readonly Lock _lock = new();
    private readonly List<CellOutput> _outputs = [];

    internal void Display(params (string MimeType, string Data)[] formats)
    {
        lock (_lock)
            _outputs.Add(new DisplayOutput(formats.ToDictionary(f => f.MimeType, f => f.Data)));
    }

    /// <summary>Returns and clears the outputs since the last call.</summary>
    internal IReadOnlyList<CellOutput> Take()
    {
        lock (_lock)
        {
            CellOutput[] taken = [.. _outputs.Select(o => o is StreamOutput s ? s with { Text = s.Text.ReplaceLineEndings("\n") } : o)];
            _outputs.Clear();
            return taken;
        }
    }

    internal TextWriter Writer(string stream) => TextWriter.Synchronized(new StreamWriter(this, stream));

    private void Append(string stream, string text)
    {
        lock (_lock)
        {
            if (_outputs is [.., StreamOutput last] && last.Name == stream)
                _outputs[^1] = last with { Text = last.Text + text };
            else
                _outputs.Add(new StreamOutput(stream, text));
        }
    }

    private sealed class StreamWriter(OutputRecord record, string stream) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => record.Append(stream, value.ToString());

        public override void Write(char[] buffer, int index, int count) => record.Append(stream, new string(buffer, index, count));

        public override void Write(string? value) => record.Append(stream, value ?? "");

        public override void WriteLine(string? value) => record.Append(stream, value + NewLine);
    }
}
