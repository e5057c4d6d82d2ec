// What all commands share: streams, cancellation, processes, verbosity, ML.NET's log, and how progress is shown.
using System.CommandLine;
using Microsoft.ML.Runtime;
using Microsoft.ML.VisionTransformer.Cli.Distributed;
using Microsoft.ML.VisionTransformer.Cli.Progress;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal sealed class CommandContext(Streams streams, RunGroup group, CancellationToken cancellation)
{
    internal Option<bool> VerboseOption { get; } = new("--verbose") { Description = "Tell more, and show where an error comes from.", Recursive = true };

    internal Option<bool> QuietOption { get; } = new("--quiet") { Description = "Show no progress.", Recursive = true };

    internal TextWriter Out => streams.Out;

    /// <summary>The processes that do this together; mostly this one alone.</summary>
    internal RunGroup Group => group;

    internal CancellationToken Cancellation => cancellation;

    internal bool Verbose { get; private set; }

    private bool Quiet { get; set; }

    private IProgressDisplay? Display { get; set; }

    internal void Read(ParseResult parsed) => (Verbose, Quiet) = (parsed.GetValue(VerboseOption), parsed.GetValue(QuietOption));

    /// <summary>An ML.NET context whose warnings go to standard error; with --verbose what it tells, too.</summary>
    internal MLContext NewContext(int? seed = null)
    {
        Libtorch.Find();
        var context = new MLContext(seed);
        context.Log += (_, entry) =>
        {
            if (entry.Kind >= ChannelMessageKind.Warning)
                WriteMessage($"{(entry.Kind == ChannelMessageKind.Error ? "error" : "warning")}: {entry.RawMessage}");
            else if (Verbose && entry.Kind == ChannelMessageKind.Info)
                WriteMessage(entry.RawMessage);
        };
        return context;
    }

    /// <summary>Standard input, which a launcher gives to one process, for all of them.</summary>
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

    /// <summary>A line on standard error, beside progress that may be shown there.</summary>
    internal void WriteMessage(string message)
    {
        if (Display is { } display)
            display.Message(message);
        else
            streams.Error.WriteLine(message);
    }

    /// <summary>Shows progress while the work runs.</summary>
    /// <param name="work">Given the display.</param>
    /// <param name="resultsAreShown">Whether results go to a terminal meanwhile; they are progress enough.</param>
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
