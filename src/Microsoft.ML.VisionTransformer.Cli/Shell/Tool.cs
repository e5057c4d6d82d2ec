// From arguments to an exit code: the commands, and one line for whatever goes wrong.
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Commands;
using Microsoft.ML.VisionTransformer.Cli.Distributed;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal static class Tool
{
    internal const string Name = "mlnet-vit";

    private static readonly ParserConfiguration _parser = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    /// <summary>Runs what was asked for and returns the exit code.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="streams">The streams of this process.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <param name="processes">The processes that were started together with the same arguments. Default null: this one alone.</param>
    internal static int Run(IReadOnlyList<string> args, Streams streams, CancellationToken cancellation, IProcessGroup? processes = null)
    {
        RunGroup group;
        try
        {
            group = new RunGroup(processes ?? new OneProcess());
        }
        catch (Exception e) when (e is InvalidOperationException or IOException)
        {
            streams.Error.WriteLine(FailureMessage.Of(e));    // a launcher without its library: this process knows of no others that could tell it
            return ExitCode.Failed;
        }

        return Run(args, streams, group, cancellation);
    }

    private static int Run(IReadOnlyList<string> args, Streams streams, RunGroup group, CancellationToken cancellation)
    {
        var heard = group.Size == 1 ? streams : group.IsMain ? streams.Launched() : streams.Silenced();
        var shell = new CommandContext(heard, group, cancellation);
        var parsed = Root(shell).Parse(args, _parser);
        shell.Read(parsed);
        try
        {
            if (parsed is { Errors.Count: > 0, Action: ParseErrorAction })
                throw new UsageException(WhatIsWrong(parsed));
            if (group.Size > 1 && parsed.CommandResult.Command is ExampleCommand { FractionsItsWork: false } command && parsed.Action == command.Action)
            {
                throw new UsageException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{group.Size} processes were started, and {command.Name} works in one: start it without mpirun."));
            }

            int code = parsed.Invoke(new InvocationConfiguration
            {
                Output = heard.Out,
                Error = heard.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
            group.Barrier();
            return group.IsMain ? code : ExitCode.Done;    // one exit code is enough, and another may come before the message
        }
        catch (Exception e)
        {
            var failure = group.Fail(e, e is OperationCanceledException ? "Interrupted." : FailureMessage.Of(e), CodeOf(e));
            if (group.ReportsErrors)
                streams.Error.WriteLine(failure.Told);
            if (shell.Verbose && e is not ProcessFailureException)
                streams.Error.WriteLine(e);
            return group.ReportsErrors ? failure.ExitCode : ExitCode.Done;
        }
    }

    /// <summary>All commands.</summary>
    internal static RootCommand Root(CommandContext shell)
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

    private static int CodeOf(Exception error) => error switch
    {
        UsageException => ExitCode.WrongUsage,
        OperationCanceledException => ExitCode.Interrupted,
        _ => ExitCode.Failed,
    };

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
