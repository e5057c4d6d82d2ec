// One record of a comma-separated file.
using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal static class CsvRecord
{
    private static readonly CsvConfiguration _configuration = new(CultureInfo.InvariantCulture) { HasHeaderRecord = false };

    /// <summary>RFC 4180, without the line's end. Numbers have a point and read back as they were; null is an empty field.</summary>
    internal static string Of(params IEnumerable<object?> fields)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        using (var writer = new CsvWriter(text, _configuration))
        {
            foreach (object? field in fields)
                writer.WriteField(Convert.ToString(field, CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }
}
