// Writes the comparison of several models as one self-contained HTML file.
using Microsoft.ML.VisionTransformer.Cli.Evaluation;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class ComparisonReport
{
    /// <summary>Longer titles name the first model and the number of the others.</summary>
    private const int MaxTitleModels = 3;

    /// <summary>Writes to a temporary file and renames it, so the file is always complete. Links to photos are relative to its folder.</summary>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    internal static void Write(string path, ModelComparison comparison, string data, DateTimeOffset? written)
    {
        string page = Page(comparison, data, written, Path.GetDirectoryName(Path.GetFullPath(path)));
        OutputFile.WriteText(path, writer => writer.Write(page));
    }

    /// <param name="comparison">The models.</param>
    /// <param name="data">The name of the data, for the title.</param>
    /// <param name="written">When the page was written; null omits it.</param>
    /// <param name="folder">The folder of the page, to which links to photos are relative; null omits the links.</param>
    internal static string Page(ModelComparison comparison, string data, DateTimeOffset? written, string? folder)
    {
        var disagreements = new DisagreementSection(comparison, folder);
        return HtmlPage.Of($"{Names(comparison)} on {data}", written,
        [
            new("summary", "Accuracy", html => ComparisonSections.WriteAccuracy(html, comparison)),
            new("difference", $"Difference from {comparison.Models[0].Name}", html => ComparisonSections.WriteDifferences(html, comparison)),
            new("speed", "Speed and size", html => ComparisonSections.WriteSpeed(html, comparison)),
            new("classes", "Classes", html => ComparisonSections.WriteClasses(html, comparison)),
            new(DisagreementSection.Id, "Where they disagree", disagreements.Write) { Style = disagreements.Filter.Style() },
            new("data", "Data", html => DataSection.Write(html, DataOf(comparison))),
        ]);
    }

    private static string Names(ModelComparison comparison)
    {
        string[] names = [.. comparison.Models.Select(model => model.Name)];
        return names.Length <= MaxTitleModels
            ? $"{string.Join(", ", names[..^1])} and {names[^1]}"
            : $"{names[0]} and {ValueFormat.Count(names.Length - 1)} other models";
    }

    private static ReportContent DataOf(ModelComparison comparison) => new()
    {
        Title = "",
        ClassNames = comparison.ClassNames,
        Splits = [new ReportSplit("test", [.. comparison.Models[0].Evaluation.Classes.Select(metrics => metrics.Support)])],
        Skipped = comparison.Skipped,
    };
}
