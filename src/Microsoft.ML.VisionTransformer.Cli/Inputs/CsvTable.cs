// Reads a comma-separated file (RFC 4180).
using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Inputs;

internal static class CsvTable
{
    private const int MostCharactersShown = 40;

    /// <summary>The fields of each record; empty lines are left out.</summary>
    /// <exception cref="InvalidDataException">
    /// A record has another number of fields than the first, a quote within a field, text behind a quoted field, or a quote that is never closed; the message has the line
    /// of the file on which the record begins, from 1.
    /// </exception>
    internal static IReadOnlyList<string[]> Read(string path)
    {
        var records = new List<string[]>();
        int line = 1;
        using var parser = new CsvParser(new StreamReader(path), new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            HasHeaderRecord = false,
            IgnoreBlankLines = false,    // they are left out below, where their line counts
            BadDataFound = bad => throw Wrong(path, line, $"is malformed: '{Shown(bad.Field)}'. A field with a comma, a quote or a line end stands in quotes, and a quote in it is doubled."),
        });
        for (; parser.Read(); line = parser.RawRow + 1)
        {
            string[] fields = parser.Record ?? [];
            if (fields is [] or [""] && parser.RawRecord.AsSpan().Trim("\r\n").IsEmpty)
                continue;
            if (records.Count > 0 && fields.Length != records[0].Length)
                throw Wrong(path, line, string.Create(CultureInfo.InvariantCulture, $"has {fields.Length} {(fields.Length == 1 ? "field" : "fields")}, the first has {records[0].Length}."));
            records.Add(fields);
        }

        return records;
    }

    private static string Shown(string field)
    {
        string start = field.Length > MostCharactersShown ? field[..MostCharactersShown] + "..." : field;
        return MessageText.Of(start.TrimEnd('\r', '\n'));
    }

    private static InvalidDataException Wrong(string path, int line, string what) => new(string.Create(CultureInfo.InvariantCulture, $"{path}: line {line} {what}"));
}
