// Where a command reads from and writes to: the process's own streams, or a test's.
using System.Text;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

/// <summary>Results go to <see cref="Out"/>; progress, warnings and errors to <see cref="Error"/>.</summary>
internal sealed record Streams
{
    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>Opens standard input; called only by a command that was told to read it.</summary>
    public required Func<Stream> OpenInput { get; init; }

    /// <summary>Whether results are read by a person as they come.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>Whether progress may be drawn over itself.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Those of the process, in UTF-8 whatever the machine's code page.</summary>
    internal static Streams OfProcess() => new()
    {
        Out = Console.IsOutputRedirected ? Utf8(Console.OpenStandardOutput()) : Console.Out,
        Error = Console.IsErrorRedirected ? Utf8(Console.OpenStandardError()) : Console.Error,
        OpenInput = Console.OpenStandardInput,
        OutIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
    };

    /// <summary>Those of a process that leaves results and telling to another.</summary>
    internal Streams Silenced() => Launched() with { Out = TextWriter.Null, Error = TextWriter.Null };

    /// <summary>Those of a process with a launcher between itself and the person.</summary>
    internal Streams Launched() => this with { OutIsTerminal = false, ErrorIsTerminal = false };

    private static StreamWriter Utf8(Stream stream) => new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
}
