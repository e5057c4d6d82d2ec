// Runs the tool: parses arguments, invokes the command, and turns errors into one line and an exit code.
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Commands;
using Microsoft.ML.VisionTransformer.Cli.Distributed;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal static class Tool
{
    internal const string Name = "mlnet-vit";

    private static readonly ParserConfiguration _parser = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    /// <summary>Runs the command and returns the exit code.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="streams">The streams of this process.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <param name="communicator">Connects the processes that a launcher started with the same arguments. Default null: this process alone.</param>
    internal static int Run(IReadOnlyList<string> args, Streams streams, CancellationToken cancellation, ICommunicator? communicator = null)
    {
        ProcessGroup group;
        try
        {
            group = new ProcessGroup(communicator ?? new SingleProcess());
        }
        catch (Exception e) when (e is InvalidOperationException or IOException)
        {
            streams.Error.WriteLine(FailureMessage.Of(e));    // there is a launcher but no MPI library, so no other process can report the error
            return ExitCode.Failed;
        }

        return Run(args, streams, group, cancellation);
    }

    private static int Run(IReadOnlyList<string> args, Streams streams, ProcessGroup group, CancellationToken cancellation)
    {
        var visible = group.Size == 1 ? streams : group.IsMain ? streams.WithoutTerminal() : streams.Silent();
        var context = new CommandContext(visible, group, cancellation);
        var parsed = Root(context).Parse(args, _parser);
        context.Read(parsed);
        try
        {
            if (UnknownOption(parsed) is { } unknown)
                throw new UsageException($"{NotAnOption(unknown, parsed.CommandResult.Command)} {SeeHelp(parsed)}");
            if (parsed is { Errors.Count: > 0, Action: ParseErrorAction })
                throw new UsageException($"{Problem(parsed, parsed.CommandResult.Command)} {SeeHelp(parsed)}");
            if (group.Size > 1 && parsed.CommandResult.Command is ExampleCommand { SupportsMultipleProcesses: false } command && parsed.Action == command.Action)
            {
                throw new UsageException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{command.Name} runs in one process, but {group.Size} were started: run it without mpirun."));
            }

            int code = parsed.Invoke(new InvocationConfiguration
            {
                Output = visible.Out,
                Error = visible.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
            group.Barrier();
            // Only rank 0 returns the code: a launcher may react to another process before rank 0 has written its message.
            return group.IsMain ? code : ExitCode.Done;
        }
        catch (Exception e)
        {
            var failure = group.Fail(e, e is OperationCanceledException ? FailureMessage.OfInterruption(e) : context.InUserTerms(FailureMessage.Of(e)), CodeOf(e));
            if (group.ReportsErrors)
                streams.Error.WriteLine(failure.DisplayMessage);
            if (context.Verbose && e is not ProcessFailureException)
                streams.Error.WriteLine(e);
            return group.ReportsErrors ? failure.ExitCode : ExitCode.Done;
        }
    }

    /// <summary>All commands.</summary>
    internal static RootCommand Root(CommandContext context)
    {
        var root = new RootCommand("Trains, evaluates, explains and exports Vision Transformers for ML.NET. Results go to standard output, everything else to standard error.")
        {
            TrainCommand.Create(context),
            EvaluateCommand.Create(context),
            CompareCommand.Create(context),
            PredictCommand.Create(context),
            ExplainCommand.Create(context),
            ExportCommand.Create(context),
            InfoCommand.Create(context),
            FeaturesCommand.Create(context),
            ScaffoldCommand.Create(context),
            CompletionCommand.Create(context),
            context.VerboseOption,
            context.QuietOption,
        };
        var help = root.Options.OfType<HelpOption>().Single();
        help.Description = "Show help and examples.";
        help.Action = new CommandHelp(all: false);
        root.Options.OfType<VersionOption>().Single().Description = "Show the version.";
        return root;
    }

    private static int CodeOf(Exception error) => error switch
    {
        UsageException => ExitCode.WrongUsage,
        OperationCanceledException => ExitCode.Interrupted,
        _ => ExitCode.Failed,
    };

    private static string SeeHelp(ParseResult parsed) => $"See: {FullName(parsed.CommandResult.Command)} --help";

    /// <summary>
    /// An unknown option that the parser took for an argument or a value, as in <c>predict model.zip photo.jpg --outt x.csv</c>; null if there is none. A file whose name
    /// starts with a dash can follow "--", or be written as ./-photo.jpg.
    /// </summary>
    private static string? UnknownOption(ParseResult parsed)
    {
        if (parsed.Action is not (null or ParseErrorAction) && parsed.Action != parsed.CommandResult.Command.Action)
            return null;    // help, version and completion take any text
        var free = parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash).ToHashSet(ReferenceEqualityComparer.Instance);
        return parsed.CommandResult.Children.SelectMany(child => child.Tokens)
            .Where(token => free.Contains(token) && LooksLikeAnOption(token.Value)).Select(token => token.Value).FirstOrDefault();
    }

    private static bool LooksLikeAnOption(string text) => text.Length > 1 && text[0] == '-' && !char.IsAsciiDigit(text[1]) && text[1] != '.';

    private static string NotAnOption(string text, System.CommandLine.Command command) =>
        $"'{MessageText.Of(text)}' is not an option of {command.Name}; did you mean {NearestName.To(text, OptionsOf(command))}?";

    /// <summary>The command as typed: mlnet-vit export onnx.</summary>
    internal static string FullName(System.CommandLine.Command command) => command is RootCommand ? Name : $"{Name} {string.Join(' ', Path(command))}";

    private static string Problem(ParseResult parsed, System.CommandLine.Command command)
    {
        if (parsed.UnmatchedTokens.Count == 0)
            return Missing(parsed) ?? parsed.Errors[0].Message.ReplaceLineEndings(" ");
        string token = parsed.UnmatchedTokens[0];
        if (token.StartsWith('-'))
            return NotAnOption(token, command);
        token = MessageText.Of(token);
        if (command.Subcommands.Count > 0)
            return $"'{token}' is not a command; did you mean {NearestName.To(token, command.Subcommands.Select(c => c.Name))}?";
        return $"'{token}' is an unexpected argument; remove it.";
    }

    /// <summary>The parser's errors about missing parts, with the names that the help uses.</summary>
    private static string? Missing(ParseResult parsed)
    {
        var command = parsed.CommandResult;
        if (command.Command.Subcommands.Count > 0 && command.Command.Action is null)
            return $"No command was given; expected one of {string.Join(", ", command.Command.Subcommands.Select(c => c.Name))}.";
        if (command.Command.Arguments.FirstOrDefault(argument => argument.Arity.MinimumNumberOfValues > 0 && command.GetResult(argument) is null or { Tokens.Count: 0 }) is { } argument)
            return $"<{argument.Name}> is missing ({Lowered(argument.Description!)}).";
        if (command.Children.OfType<OptionResult>().FirstOrDefault(o => !o.Implicit && o.Tokens.Count < o.Option.Arity.MinimumNumberOfValues) is { } empty)
            return $"{empty.Option.Name} has no value ({Lowered(empty.Option.Description!)}).";
        return command.Command.Options.FirstOrDefault(option => option.Required && command.GetResult(option) is null or { Implicit: true }) is { } option
            ? $"{option.Name} is missing ({Lowered(option.Description!)})."
            : null;
    }

    private static string Lowered(string text) => (text.Length > 1 && char.IsLower(text[1]) ? char.ToLowerInvariant(text[0]) + text[1..] : text).TrimEnd('.');

    private static IEnumerable<string> OptionsOf(System.CommandLine.Command command) =>
        command.Options.Concat(command.Parents.OfType<System.CommandLine.Command>().SelectMany(parent => parent.Options.Where(o => o.Recursive))).Select(o => o.Name);

    private static IEnumerable<string> Path(System.CommandLine.Command command)
    {
        var parent = command.Parents.OfType<System.CommandLine.Command>().FirstOrDefault(c => c is not RootCommand);
        return parent is null ? [command.Name] : [.. Path(parent), command.Name];
    }
}
