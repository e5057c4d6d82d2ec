// Runs the requested command, handles Ctrl-C, and turns errors into one line and an exit code.
namespace QuickStart;

internal static class CommandLine
{
    private const int Done = 0, Failed = 1, WrongArguments = 2, Cancelled = 130;

    /// <summary>Runs the requested command and returns the exit code.</summary>
    internal static int Run(string[] args, Action<Arguments, CancellationToken> train, Action<PredictArguments> predict)
    {
        using var cancellation = new CancellationTokenSource();
        Console.CancelKeyPress += (_, key) =>
        {
            key.Cancel = !cancellation.IsCancellationRequested;    // the second Ctrl-C ends the process at once
            cancellation.Cancel();
        };
        try
        {
            switch (Verb.Parse(args))
            {
                case Arguments arguments:
                    train(arguments, cancellation.Token);
                    break;
                case PredictArguments arguments:
                    predict(arguments);
                    break;
                default:
                    Console.WriteLine(Verb.Usage);
                    break;
            }

            return Done;
        }
        catch (UsageException e)
        {
            Console.Error.WriteLine(e.Message);
            Console.Error.WriteLine();
            Console.Error.WriteLine(Verb.Usage);
            return WrongArguments;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Cancelled.");
            return Cancelled;
        }
        catch (Exception e) when (IsAboutTheInput(e))
        {
            Console.Error.WriteLine(e.Message.ReplaceLineEndings(" "));
            return Failed;
        }
    }

    /// <summary>Errors whose message is enough for the user. Anything else is a bug and keeps its stack trace.</summary>
    private static bool IsAboutTheInput(Exception e) =>
        e is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException or NotSupportedException or InvalidOperationException
            or FormatException;
}
