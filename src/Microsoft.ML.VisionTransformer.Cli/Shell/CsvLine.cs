// One line of a comma-separated file.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal static class CsvLine
{
    private static readonly char[] _special = [',', '"', '\r', '\n'];

    /// <summary>RFC 4180: fields with a comma, a quote or a line's end are quoted. Numbers have a point and read back as they were; null is an empty field.</summary>
    internal static string Of(IEnumerable<object?> fields) =>
        string.Join(',', fields.Select(field => Quoted(Convert.ToString(field, CultureInfo.InvariantCulture) ?? "")));

    private static string Quoted(string field) =>
        field.AsSpan().IndexOfAny(_special) < 0 ? field : $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
