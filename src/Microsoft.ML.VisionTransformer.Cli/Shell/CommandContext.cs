// The context that all commands share: streams, cancellation, process group, verbosity, ML.NET's log, progress display.
using System.CommandLine;
using System.Globalization;
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer.Cli.Distributed;
using Microsoft.ML.VisionTransformer.Cli.Progress;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal sealed class CommandContext(Streams streams, ProcessGroup group, CancellationToken cancellation)
{
    internal Option<bool> VerboseOption { get; } = new("--verbose") { Description = "Write more messages, and the stack trace of an error.", Recursive = true };

    internal Option<bool> QuietOption { get; } = new("--quiet") { Description = "Do not show progress.", Recursive = true };

    internal TextWriter Out => streams.Out;

    /// <summary>The processes of this run; usually only this one.</summary>
    internal ProcessGroup Group => group;

    internal CancellationToken Cancellation => cancellation;

    internal bool Verbose { get; private set; }

    /// <summary>Replaces names of the library in its messages by those that the user of the command knows. Default: unchanged.</summary>
    internal Func<string, string> InUserTerms { get; set; } = message => message;

    private bool Quiet { get; set; }

    private IProgressDisplay? Display { get; set; }

    internal void Read(ParseResult parsed) => (Verbose, Quiet) = (parsed.GetValue(VerboseOption), parsed.GetValue(QuietOption));

    /// <summary>An <see cref="MLContext"/> that logs warnings to standard error, and with --verbose information messages too.</summary>
    /// <param name="seed">As for <see cref="MLContext"/>.</param>
    /// <param name="needsLibtorch">Whether the command trains, computes gradients, or uses a GPU. Other commands run without libtorch and do not load it.</param>
    /// <exception cref="InvalidOperationException">libtorch is needed and was not found; the message states how to get it.</exception>
    internal MLContext CreateMLContext(int? seed = null, bool needsLibtorch = false)
    {
        if (needsLibtorch)
            Libtorch.Find();
        var mlContext = new MLContext(seed);
        mlContext.Log += (_, entry) =>
        {
            if (entry.Kind >= ChannelMessageKind.Warning)
                WriteMessage($"{(entry.Kind == ChannelMessageKind.Error ? "error" : "warning")}: {InUserTerms(entry.RawMessage)}");
            else if (Verbose && entry.Kind == ChannelMessageKind.Info)
                WriteMessage(InUserTerms(entry.RawMessage));
        };
        return mlContext;
    }

    /// <summary>Standard input. A launcher connects it to rank 0 only; the other processes get a copy.</summary>
    internal Stream OpenInput()
    {
        if (group.Size == 1)
            return streams.OpenInput();
        using var content = new MemoryStream();
        if (group.IsMain)
        {
            using var input = streams.OpenInput();
            input.CopyTo(content);
        }

        return new MemoryStream(group.Exchange(content.ToArray())[0].ToArray());
    }

    /// <summary>Writes a line to standard error without disturbing a progress display there.</summary>
    internal void WriteMessage(string message)
    {
        if (Display is { } display)
            display.Message(message);
        else
            streams.Error.WriteLine(message);
    }

    /// <summary>Writes a line for each image that could not be used.</summary>
    /// <returns>The exit code.</returns>
    internal int ReportProblems(IReadOnlyList<string> problems, int images)
    {
        foreach (string problem in problems)
            WriteMessage(problem);
        if (problems.Count > 0 && images > 1)
            WriteMessage(string.Create(CultureInfo.InvariantCulture, $"{problems.Count:N0} of {images:N0} images could not be used."));
        return problems.Count > 0 ? ExitCode.Failed : ExitCode.Done;
    }

    /// <summary>Shows progress while the work runs.</summary>
    /// <param name="work">The work; its argument is the display.</param>
    /// <param name="resultsAreShown">Whether the work writes results as it goes. On a terminal they show the progress, and no display is needed.</param>
    internal T WithProgress<T>(Func<IProgressDisplay, T> work, bool resultsAreShown = false)
    {
        IProgressDisplay display = Quiet || (resultsAreShown && streams.OutIsTerminal) ? new SilentProgress(streams.Error)
            : streams.ErrorIsTerminal ? new LiveProgress(streams.Error)
            : new PlainProgress(streams.Error);
        try
        {
            Display = display;
            return display.Show(() => work(display));
        }
        finally
        {
            Display = null;
        }
    }
}
