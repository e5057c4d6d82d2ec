// The streams that a command reads and writes: those of the process, or those of a test.
using System.Text;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

/// <summary>Results go to <see cref="Out"/>; progress, warnings and errors to <see cref="Error"/>.</summary>
internal sealed record Streams
{
    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>Opens standard input; called only if the command line asks for it.</summary>
    public required Func<Stream> OpenInput { get; init; }

    /// <summary>Whether standard output is a terminal, so that a person sees results immediately.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>Whether standard error is a terminal, so that progress can redraw its line.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>The streams of the process; redirected ones are UTF-8, regardless of the machine's code page.</summary>
    internal static Streams OfProcess() => new()
    {
        Out = Console.IsOutputRedirected ? Utf8(Console.OpenStandardOutput()) : Console.Out,
        Error = Console.IsErrorRedirected ? Utf8(Console.OpenStandardError()) : Console.Error,
        OpenInput = OpenStandardInput,
        OutIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
    };

    /// <summary>For a process that writes neither results nor messages because rank 0 does.</summary>
    internal Streams Silent() => WithoutTerminal() with { Out = TextWriter.Null, Error = TextWriter.Null };

    /// <summary>For a process whose output goes through a launcher.</summary>
    internal Streams WithoutTerminal() => this with { OutIsTerminal = false, ErrorIsTerminal = false };

    /// <exception cref="IOException">The process was started with a closed standard input.</exception>
    private static Stream OpenStandardInput() => InputIsClosed() ? throw new IOException("it is closed.") : Console.OpenStandardInput();

    /// <summary>
    /// If a process starts with a closed descriptor 0, the next file that it opens gets that number: in .NET on Linux, a pipe of the runtime, from which a
    /// read never returns. It can be recognized by its other end, which this process has open for writing.
    /// </summary>
    private static bool InputIsClosed()
    {
        const string Folder = "/proc/self/fd";
        if (!OperatingSystem.IsLinux() || !Directory.Exists(Folder))
            return false;
        string? Target(string descriptor) => new FileInfo(Path.Combine(Folder, descriptor)).LinkTarget;
        string? input = Target("0");
        return input is null
            || (input.StartsWith("pipe:", StringComparison.Ordinal)
                && Directory.EnumerateFileSystemEntries(Folder).Select(path => Path.GetFileName(path)).Any(descriptor => Target(descriptor) == input && IsOpenForWriting(descriptor)));
    }

    /// <summary>Whether the access mode in the descriptor's flags, an octal number, is O_WRONLY or O_RDWR.</summary>
    private static bool IsOpenForWriting(string descriptor)
    {
        string? flags = File.ReadLines($"/proc/self/fdinfo/{descriptor}").FirstOrDefault(line => line.StartsWith("flags:", StringComparison.Ordinal));
        return flags is [.., '1' or '2'];
    }

    private static StreamWriter Utf8(Stream stream) => new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
}
