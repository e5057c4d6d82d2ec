// Reads a comma-separated file (RFC 4180).
using System.Globalization;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Cli.Inputs;

internal static class CsvTable
{
    /// <summary>The fields of each line; empty lines are left out.</summary>
    /// <exception cref="InvalidDataException">A line has another number of fields than the first, or a quote is never closed.</exception>
    internal static IReadOnlyList<string[]> Read(string path)
    {
        var lines = new List<string[]>();
        var text = File.ReadAllText(path).AsSpan();
        while (text.Length > 0)
        {
            string[] fields = Line(ref text, path);
            if (fields is [""])
                continue;
            if (lines.Count > 0 && fields.Length != lines[0].Length)
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{path}: line {lines.Count + 1} has {fields.Length} fields, the first has {lines[0].Length}."));
            lines.Add(fields);
        }

        return lines;
    }

    private static string[] Line(ref ReadOnlySpan<char> text, string path)
    {
        var fields = new List<string>();
        while (true)
        {
            fields.Add(text.StartsWith('"') ? Quoted(ref text, path) : Plain(ref text));
            bool more = text.StartsWith(',');
            text = text.StartsWith("\r\n") ? text[2..] : text.Length > 0 ? text[1..] : text;
            if (!more)
                return [.. fields];
        }
    }

    private static string Plain(ref ReadOnlySpan<char> text)
    {
        int end = text.IndexOfAny(',', '\r', '\n');
        string field = new(end < 0 ? text : text[..end]);
        text = text[field.Length..];
        return field;
    }

    private static string Quoted(ref ReadOnlySpan<char> text, string path)
    {
        var field = new StringBuilder();
        text = text[1..];
        while (true)
        {
            int quote = text.IndexOf('"');
            if (quote < 0)
                throw new InvalidDataException($"{path} has a quote that is never closed.");
            field.Append(text[..quote]);
            text = text[(quote + 1)..];
            if (!text.StartsWith('"'))
                return field.ToString();
            field.Append('"');
            text = text[1..];
        }
    }
}
