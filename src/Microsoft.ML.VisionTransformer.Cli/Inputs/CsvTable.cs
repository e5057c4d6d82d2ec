// Reads CSV files (RFC 4180).
using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Inputs;

internal static class CsvTable
{
    private const int MaxExcerptLength = 40;

    /// <summary>The fields of each record; empty lines are skipped.</summary>
    /// <exception cref="InvalidDataException">
    /// A record has a different number of fields than the first, a quote within a field, text after a quoted field, or an unclosed quote. The message
    /// states the line of the file on which the record starts, from 1.
    /// </exception>
    internal static IReadOnlyList<string[]> Read(string path)
    {
        var records = new List<string[]>();
        int line = 1;
        using var parser = new CsvParser(new StreamReader(path), new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            HasHeaderRecord = false,
            IgnoreBlankLines = false,    // they are skipped below, so that line numbers stay right
            BadDataFound = bad => throw Wrong(path, line, $"is malformed: '{Excerpt(bad.Field)}'. A field with a comma, a quote or a line break must be in quotes, and quotes in it must be doubled."),
        });
        for (; parser.Read(); line = parser.RawRow + 1)
        {
            string[] fields = parser.Record ?? [];
            if (fields is [] or [""] && parser.RawRecord.AsSpan().Trim("\r\n").IsEmpty)
                continue;
            if (records.Count > 0 && fields.Length != records[0].Length)
                throw Wrong(path, line, string.Create(CultureInfo.InvariantCulture, $"has {fields.Length} {(fields.Length == 1 ? "field" : "fields")}, but the first record has {records[0].Length}."));
            records.Add(fields);
        }

        return records;
    }

    private static string Excerpt(string field)
    {
        string start = field.Length > MaxExcerptLength ? field[..MaxExcerptLength] + "..." : field;
        return MessageText.Of(start.TrimEnd('\r', '\n'));
    }

    private static InvalidDataException Wrong(string path, int line, string what) => new(string.Create(CultureInfo.InvariantCulture, $"{path}: line {line} {what}"));
}
