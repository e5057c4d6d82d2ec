// Writes predictions as text, JSON lines or CSV.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

/// <param name="output">The destination.</param>
/// <param name="format">The output format.</param>
/// <param name="classes">The model's class names.</param>
/// <param name="top">The number of classes per image, the most probable first.</param>
internal sealed class PredictionWriter(TextWriter output, OutputFormat format, IReadOnlyList<string> classes, int top)
{
    /// <summary>Writes the CSV header.</summary>
    internal void Begin()
    {
        if (format == OutputFormat.Csv)
            output.WriteLine(CsvRecord.Of([.. "path,error".Split(','), .. Enumerable.Range(1, top).SelectMany(i => new[] { Numbered("label", i), Numbered("probability", i) })]));
    }

    internal void Write(ScoredImage scored)
    {
        var best = Best(scored.Values);
        switch (format)
        {
            case OutputFormat.Json:
                output.WriteLine(JsonLine.Of(new
                {
                    Path = scored.Image.Name,
                    Label = best.Length > 0 ? best[0].Label : null,
                    Probability = best.Length > 0 ? best[0].Probability : (float?)null,
                    Top = best.Length > 0 ? best.Select(b => new { b.Label, b.Probability }).ToArray() : null,
                    Error = scored.Problem,
                }));
                break;
            case OutputFormat.Csv:
                output.WriteLine(CsvRecord.Of([scored.Image.Name, scored.Problem, .. Fields(best)]));
                break;
            default:
                if (best.Length > 0)
                    output.WriteLine($"{scored.Image.Name}: {string.Join(", ", best.Select(b => $"{b.Label} {PercentText.Of(b.Probability)}"))}");
                break;
        }
    }

    private static string Numbered(string name, int position) => position == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}{position}");

    private IEnumerable<object?> Fields((string Label, float Probability)[] best) =>
        Enumerable.Range(0, top).SelectMany(i => i < best.Length ? new object?[] { best[i].Label, best[i].Probability } : [null, null]);

    private (string Label, float Probability)[] Best(float[]? probabilities) =>
        probabilities is null ? [] : [.. probabilities.Select((p, i) => (classes[i], p)).OrderByDescending(pair => pair.p).Take(top)];
}
