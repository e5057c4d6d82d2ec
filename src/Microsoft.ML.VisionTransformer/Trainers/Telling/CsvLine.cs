// One record of a comma-separated file, as RFC 4180 wants it.
using System.Globalization;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>
/// The library reads no such files, and writes records of numbers alone, one at a time behind those of an earlier process: too little for a dependency of every program
/// that references it. The command line, which reads tables of users, takes CsvHelper.
/// </summary>
internal static class CsvLine
{
    internal const string End = "\r\n";

    private static readonly char[] _special = [',', '"', '\r', '\n'];

    /// <summary>The record with its line end, in UTF-8.</summary>
    internal static byte[] Of(IEnumerable<string> fields) => Encoding.UTF8.GetBytes(string.Join(',', fields.Select(Quoted)) + End);

    /// <summary>The shortest text that reads back as the same number; empty for null and NaN.</summary>
    internal static string Number(double? value) => value is { } v && !double.IsNaN(v) ? v.ToString("R", CultureInfo.InvariantCulture) : "";

    private static string Quoted(string field) =>
        field.IndexOfAny(_special) < 0 ? field : $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
