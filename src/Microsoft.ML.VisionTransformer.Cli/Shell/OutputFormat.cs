// The forms in which a command gives its results.
using System.CommandLine;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal enum OutputFormat
{
    /// <summary>For people.</summary>
    Text,

    /// <summary>One JSON object a line.</summary>
    Json,

    /// <summary>Comma-separated values with a header (RFC 4180).</summary>
    Csv,
}

internal static class OutputFormats
{
    /// <summary>An option whose value is null where it is not given.</summary>
    internal static Option<OutputFormat?> Option(OutputFormat standard, params OutputFormat[] known)
    {
        string names = string.Join(", ", known.Select(f => f.ToString().ToLowerInvariant()));
        return new Option<OutputFormat?>("--format")
        {
            Description = $"How results are written. Default {standard.ToString().ToLowerInvariant()}.",
            HelpName = string.Join('|', known.Select(f => f.ToString().ToLowerInvariant())),
            CustomParser = result =>
            {
                string value = result.Tokens[0].Value;
                var found = known.Where(f => string.Equals(f.ToString(), value, StringComparison.OrdinalIgnoreCase)).ToArray();
                if (found.Length > 0)
                    return found[0];
                result.AddError($"--format is '{value}'; it can be {names}.");
                return null;
            },
        };
    }
}
