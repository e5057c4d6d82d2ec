// A line of a plot.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <param name="Name">What the legend calls it.</param>
/// <param name="Style">Its class in the style sheet: colour, dashes.</param>
/// <param name="Points">Epoch and value.</param>
internal sealed record LineSeries(string Name, string Style, IReadOnlyList<(int Epoch, double Value)> Points)
{
    /// <summary>Epochs whose figure was not measured are left out.</summary>
    internal static LineSeries Of(string name, string style, IEnumerable<ReportEpoch> epochs, Func<ReportEpoch, double?> value) =>
        new(name, style, [.. epochs.Where(e => value(e) is { } v && double.IsFinite(v)).Select(e => (e.Epoch, value(e)!.Value))]);
}
