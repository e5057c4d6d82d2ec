// Output formats of results: the --format option, JSON lines, and CSV records.
using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using CsvHelper;
using CsvHelper.Configuration;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal enum OutputFormat
{
    /// <summary>Human-readable text.</summary>
    Text,

    /// <summary>One JSON object per line.</summary>
    Json,

    /// <summary>Comma-separated values with a header (RFC 4180).</summary>
    Csv,
}

internal static class OutputFormats
{
    /// <summary>The format that the extension of an output file names; null if it names none.</summary>
    internal static OutputFormat? OfFile(string? path) => Path.GetExtension(path)?.ToUpperInvariant() switch
    {
        ".CSV" => OutputFormat.Csv,
        ".JSON" or ".JSONL" => OutputFormat.Json,
        _ => null,
    };

    /// <summary>The <c>--format</c> option; its value is null if the option is absent.</summary>
    /// <param name="standard">The default, for the help text.</param>
    /// <param name="known">The formats that the command supports.</param>
    internal static Option<OutputFormat?> Option(OutputFormat standard, params OutputFormat[] known)
    {
        string names = string.Join(", ", known.Select(f => f.ToString().ToLowerInvariant()));
        return new Option<OutputFormat?>("--format")
        {
            Description = $"Output format of the results. Default {standard.ToString().ToLowerInvariant()}, or by the extension of the output file.",
            HelpName = string.Join('|', known.Select(f => f.ToString().ToLowerInvariant())),
            CompletionSources = { _ => known.Select(f => new CompletionItem(f.ToString().ToLowerInvariant())) },
            CustomParser = result =>
            {
                string value = result.Tokens[0].Value;
                var found = known.Where(f => string.Equals(f.ToString(), value, StringComparison.OrdinalIgnoreCase)).ToArray();
                if (found.Length > 0)
                    return found[0];
                result.AddError($"--format is '{value}'; it must be one of {names}.");
                return null;
            },
        };
    }
}

internal static class JsonLine
{
    private static readonly JsonSerializerOptions _options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The value as JSON on one line: camel-case property names, null properties omitted.</summary>
    internal static string Of<T>(T value) => JsonSerializer.Serialize(value, _options);
}

internal static class CsvRecord
{
    private static readonly CsvConfiguration _configuration = new(CultureInfo.InvariantCulture) { HasHeaderRecord = false };

    /// <summary>
    /// One record of a CSV file (RFC 4180), without the line ending. Numbers have a decimal point and parse back to the same value; null is an empty field.
    /// </summary>
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
