// Shows progress on a terminal, as a bar that redraws its line.
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Common;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Microsoft.ML.VisionTransformer.Cli.Progress;

internal sealed class LiveProgress(TextWriter error) : IProgressDisplay
{
    private readonly IAnsiConsole _console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });

    private readonly Stopwatch _sinceLine = Stopwatch.StartNew();

    private ProgressContext? _context;
    private ProgressTask? _task;

    public T Show<T>(Func<T> work)
    {
        var progress = _console.Progress().AutoClear(true).Columns(
            new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 24 }, new PercentageColumn(), new MetricsColumn());
        return progress.Start(context =>
        {
            _context = context;
            return work();
        });
    }

    public void Training(TrainingMetrics metrics)
    {
        if (metrics.Phase == TrainingPhase.Epoch && EpochLines.Shows(metrics, _sinceLine.Elapsed))
        {
            Message(metrics.ToString());
            _sinceLine.Restart();
        }

        if (metrics.Phase == TrainingPhase.Features)
            Draw("features", metrics.Step, metrics.Steps, Invariant($"{metrics.ImagesPerSecond:F0} images/s  left {DurationText.Of(metrics.TimeLeft)}"));
        else
            Draw($"epoch {metrics.Epoch}/{metrics.Epochs}", Done(metrics), (double)metrics.Epochs * metrics.Steps, Values(metrics));
    }

    public void Images(string what, int done, int total) => Draw(what, done, total, $"{done}/{total}");

    public void Message(string text)
    {
        _console.WriteLine(text);
        _context?.Refresh();
    }

    private static double Done(TrainingMetrics metrics) => (double)(metrics.Epoch - 1) * metrics.Steps + metrics.Step;

    private static string Values(TrainingMetrics metrics) =>
        Invariant($"loss {metrics.TrainingLoss:F3}  accuracy {PercentText.Of(metrics.TrainingAccuracy)}  {metrics.ImagesPerSecond:F0} images/s  left {DurationText.Of(metrics.TimeLeft)}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private void Draw(string what, double done, double total, string values)
    {
        if (_context is null)
            return;
        _task ??= _context.AddTask(what);
        _task.Description = Markup.Escape(what);
        _task.MaxValue = Math.Max(1, total);
        _task.Value = done;
        _task.Tag = values;
    }
}

/// <summary>The text after the bar: metrics, speed, time left.</summary>
internal sealed class MetricsColumn : ProgressColumn
{
    protected override bool NoWrap => true;

    public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text(task.Tag as string ?? "");
}
