// How the model was trained: time, device, seed, versions, and the command to repeat it.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class RunSection
{
    internal static void Write(HtmlBuilder html, ReportContent content)
    {
        if (content.Run.Count > 0)
            ReportTable.WriteValues(html, "The run", content.Run);
        if (content.Command is not { } command)
            return;
        html.Add($"<h3>To repeat this run</h3><pre><code>{command}</code></pre>");
        html.Add(
            $"<p class=\"note\">Run it in the folder that contains the data. For paths outside the folder of the first run, only the last name is shown. " +
            $"With the same versions, processor type and number of threads, the weights are identical; otherwise they differ by rounding.</p>");
    }

    /// <summary>A duration as "12 s", "3 min 20 s" or "2 h 5 min".</summary>
    internal static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 10 } => Invariant($"{time.TotalSeconds:0.0} s"),
        { TotalSeconds: < 59.5 } => Invariant($"{time.TotalSeconds:0} s"),
        { TotalMinutes: < 60 } => Invariant($"{(int)time.TotalMinutes} min {time.Seconds} s"),
        _ => Invariant($"{(int)time.TotalHours} h {time.Minutes} min"),
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
