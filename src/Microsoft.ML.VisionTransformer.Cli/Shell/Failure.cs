// How a failed command ends: exit codes, the exception for wrong usage, and the error message in one line.
using System.Reflection;

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

internal static class FailureMessage
{
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
        return message.Length > 0 ? message : cause.GetType().Name;
    }

    private static string CutAt(string text, string mark)
    {
        int at = text.IndexOf(mark, StringComparison.Ordinal);
        return at < 0 ? text : text[..at];
    }
}
