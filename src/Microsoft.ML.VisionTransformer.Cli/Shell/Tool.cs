// From arguments to an exit code: the commands, and one line for whatever goes wrong.
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Microsoft.ML.VisionTransformer.Cli.Commands;
using Microsoft.ML.VisionTransformer.Network;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal static class Tool
{
    internal const string Name = "mlnet-vit";

    private static readonly ParserConfiguration _parser = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    /// <summary>Runs what was asked for and returns the exit code.</summary>
    internal static int Run(IReadOnlyList<string> args, Streams streams, CancellationToken cancellation)
    {
        var shell = new Shared(streams, cancellation);
        var parsed = Root(shell).Parse(args, _parser);
        shell.Read(parsed);
        try
        {
            if (parsed is { Errors.Count: > 0, Action: ParseErrorAction })
                throw new UsageException(WhatIsWrong(parsed));
            return parsed.Invoke(new InvocationConfiguration
            {
                Output = streams.Out,
                Error = streams.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (Exception e)
        {
            streams.Error.WriteLine(e is OperationCanceledException ? "Interrupted." : FailureMessage.Of(e));
            if (shell.Verbose)
                streams.Error.WriteLine(e);
            return e switch
            {
                UsageException => ExitCode.WrongUsage,
                OperationCanceledException => ExitCode.Interrupted,
                _ => ExitCode.Failed,
            };
        }
    }

    /// <summary>All commands.</summary>
    internal static RootCommand Root(Shared shell)
    {
        var root = new RootCommand("Trains, judges, explains and exports Vision Transformers for ML.NET. Results go to standard output, everything else to standard error.")
        {
            TrainCommand.Create(shell),
            EvaluateCommand.Create(shell),
            PredictCommand.Create(shell),
            ExplainCommand.Create(shell),
            ExportCommand.Create(shell),
            InfoCommand.Create(shell),
            FeaturesCommand.Create(shell),
            ScaffoldCommand.Create(shell),
            shell.VerboseOption,
            shell.QuietOption,
        };
        var help = root.Options.OfType<HelpOption>().Single();
        help.Description = "Show help and examples.";
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    private static string WhatIsWrong(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        string name = command is RootCommand ? Name : $"{Name} {string.Join(' ', Path(command))}";
        return $"{Problem(parsed, command)} See: {name} --help";
    }

    private static string Problem(ParseResult parsed, System.CommandLine.Command command)
    {
        if (parsed.UnmatchedTokens.Count == 0)
            return parsed.Errors[0].Message.ReplaceLineEndings(" ");
        string token = parsed.UnmatchedTokens[0];
        if (token.StartsWith('-'))
            return $"'{token}' is not an option of {command.Name}; the nearest is {NearestName.To(token, OptionsOf(command))}.";
        if (command.Subcommands.Count > 0)
            return $"'{token}' is not a command; the nearest is {NearestName.To(token, command.Subcommands.Select(c => c.Name))}.";
        return $"'{token}' is one argument too many.";
    }

    private static IEnumerable<string> OptionsOf(System.CommandLine.Command command) =>
        command.Options.Concat(command.Parents.OfType<System.CommandLine.Command>().SelectMany(parent => parent.Options.Where(o => o.Recursive))).Select(o => o.Name);

    private static IEnumerable<string> Path(System.CommandLine.Command command)
    {
        var parent = command.Parents.OfType<System.CommandLine.Command>().FirstOrDefault(c => c is not RootCommand);
        return parent is null ? [command.Name] : [.. Path(parent), command.Name];
    }
}
