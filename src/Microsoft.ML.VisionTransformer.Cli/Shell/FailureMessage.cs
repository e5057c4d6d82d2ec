// An exception as one line for a person.
using System.Reflection;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal static class FailureMessage
{
    /// <summary>The message without the parts that speak to programmers; what ML.NET wrapped by reflection is unwrapped.</summary>
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
