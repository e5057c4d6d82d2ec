// How a failed command ends: exit codes, the exception for wrong usage, and the error message in one line.
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

/// <summary>
/// Exit codes of the process. <see cref="WrongUsage"/> means an error that the command line and the configuration file alone show; no work was started.
/// </summary>
internal static class ExitCode
{
    internal const int Done = 0, Failed = 1, WrongUsage = 2, Interrupted = 130;
}

/// <summary>The command line or the configuration file is wrong.</summary>
internal sealed class UsageException(string message, Exception? inner = null) : Exception(message, inner);

internal static partial class FailureMessage
{
    private const string Interrupted = "Interrupted.";

    /// <summary>
    /// The exception's message as one line, without the parameter name and the actual value that .NET appends. Exceptions that ML.NET wraps by reflection are
    /// unwrapped.
    /// </summary>
    internal static string Of(Exception error)
    {
        var cause = error;
        while (cause is TargetInvocationException or AggregateException && cause.InnerException is { } inner)
            cause = inner;
        string message = cause.Message.ReplaceLineEndings("\n");
        if (cause is ArgumentOutOfRangeException)
            message = CutAt(message, "\nActual value was ");
        if (cause is ArgumentException { ParamName: { } parameter })
            message = message.Replace($" (Parameter '{parameter}')", "", StringComparison.Ordinal);
        message = string.Join(' ', message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        message = TemporaryEnd().Replace(message, "").Replace(" : '", ": '", StringComparison.Ordinal);
        message = Denied().Replace(message, "${path}: permission is denied.");
        message = LongWord().Replace(message, word => MessageText.OfPath(word.Value));    // .NET's own messages quote values of any length
        return message.Length > 0 ? message : cause.GetType().Name;
    }

    /// <summary>"Interrupted.", with what the command says in addition.</summary>
    internal static string OfInterruption(Exception error) => error.Message.StartsWith(Interrupted, StringComparison.Ordinal) ? error.Message : Interrupted;

    /// <summary>The end of a temporary name: the user knows the file by its final name.</summary>
    [GeneratedRegex(@"\.[0-9a-f]{32}\.tmp")]
    private static partial Regex TemporaryEnd();

    [GeneratedRegex(@"^Access to the path '(?<path>[^']*)' is denied\.$")]
    private static partial Regex Denied();

    [GeneratedRegex(@"\S{261,}")]
    private static partial Regex LongWord();

    private static string CutAt(string text, string mark)
    {
        int at = text.IndexOf(mark, StringComparison.Ordinal);
        return at < 0 ? text : text[..at];
    }
}
