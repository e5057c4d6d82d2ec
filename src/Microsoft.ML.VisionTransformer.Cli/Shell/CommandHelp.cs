// The help of a command: usage, examples, then arguments and options in groups, 100 columns wide.
using System.CommandLine;
using System.CommandLine.Invocation;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

/// <summary>The action of --help, and with <paramref name="all"/> that of --help-all, which also shows advanced options.</summary>
internal sealed class CommandHelp(bool all) : SynchronousCommandLineAction
{
    internal const string AllOption = "--help-all";

    private const int Width = 100, NameWidth = 30, DescriptionColumn = 2 + NameWidth + 2;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var command = parseResult.CommandResult.Command;
        var output = parseResult.InvocationConfiguration.Output;
        foreach (string line in Wrap(command.Description ?? "", Width))
            output.WriteLine(line);
        output.WriteLine();
        output.WriteLine("Usage:");
        output.WriteLine($"  {Usage(command)}");
        WriteExamples(output, command);
        WriteRows(output, "Commands", [.. command.Subcommands.Where(c => !c.Hidden).Select(c => (c.Name, c.Description ?? ""))]);
        WriteRows(output, "Arguments", [.. command.Arguments.Select(argument => ($"<{argument.Name}>", argument.Description ?? ""))]);
        WriteOptions(output, command);
        foreach (var list in (command as ExampleCommand)?.Lists ?? [])
            WriteRows(output, list.Title, list.Rows);
        return ExitCode.Done;
    }

    private static string Usage(System.CommandLine.Command command)
    {
        string arguments = string.Concat(command.Arguments.Select(a => $" <{a.Name}>{(a.Arity.MaximumNumberOfValues > 1 ? " ..." : "")}"));
        string required = string.Concat(command.Options.Where(option => IsRequired(command, option)).Select(option => $" {NameOf(option)}"));
        string subcommand = command.Subcommands.Count > 0 ? " <command>" : "";
        return $"{Tool.FullName(command)}{subcommand}{arguments}{required} [options]";
    }

    private static void WriteExamples(TextWriter output, System.CommandLine.Command command)
    {
        if (command is not ExampleCommand { Examples: { Count: > 0 } examples })
            return;
        output.WriteLine();
        output.WriteLine("Examples:");
        foreach (var (what, line) in examples)
        {
            output.WriteLine($"  {what}:");
            WriteCommandLine(output, line.Contains(Tool.Name, StringComparison.Ordinal) ? line : $"{Tool.Name} {line}");
        }
    }

    /// <summary>A command line, broken before an option if it is too long.</summary>
    private static void WriteCommandLine(TextWriter output, string line)
    {
        const string Indent = "    ";
        int at = Indent.Length + line.Length <= Width ? -1 : line.LastIndexOf(" --", Width - Indent.Length, StringComparison.Ordinal);
        output.WriteLine(at < 0 ? Indent + line : $"{Indent}{line[..at]} \\");
        if (at >= 0)
            output.WriteLine($"{Indent}  {line[(at + 1)..]}");
    }

    private void WriteOptions(TextWriter output, System.CommandLine.Command command)
    {
        var own = command.Options.Where(option => !option.Hidden).ToDictionary(option => option.Name, StringComparer.Ordinal);
        var groups = (command as ExampleCommand)?.Groups ?? [];
        foreach (var group in groups)
        {
            var options = group.Options.Select(name => own.Remove(name, out var option) ? option : throw new InvalidOperationException($"{command.Name} has no option {name}.")).ToArray();
            if (all || !group.Advanced)
                WriteRows(output, group.Title, [.. options.Select(option => Row(command, option))]);
        }

        var inherited = command.Parents.OfType<System.CommandLine.Command>().SelectMany(parent => parent.Options.Where(option => option.Recursive));
        var rest = command.Options.Where(option => own.ContainsKey(option.Name)).ToArray();
        WriteRows(output, groups.Count > 0 ? "General options" : "Options", [.. rest.Concat(inherited).Select(option => Row(command, option))]);
    }

    private static (string, string) Row(System.CommandLine.Command command, Option option) =>
        (NameOf(option), (IsRequired(command, option) ? "Required. " : "") + option.Description);

    private static bool IsRequired(System.CommandLine.Command command, Option option) =>
        option.Required || (command is ExampleCommand { RequiredOptions: { } required } && required.Contains(option.Name));

    private static string NameOf(Option option)
    {
        string shortName = option.Aliases.FirstOrDefault(alias => alias.Length == 2 && alias[0] == '-' && char.IsAsciiLetter(alias[1])) is { } alias ? $"{alias}, " : "";
        string value = option.HelpName is not { } name ? "" : option.Arity.MinimumNumberOfValues == 0 && option.ValueType != typeof(bool) ? $" [{name}]" : $" <{name}>";
        return shortName + option.Name + value;
    }

    private static void WriteRows(TextWriter output, string title, IReadOnlyList<(string Name, string Description)> rows)
    {
        if (rows.Count == 0)
            return;
        output.WriteLine();
        output.WriteLine($"{title}:");
        foreach (var (name, description) in rows)
        {
            string start = $"  {name}";
            if (name.Length > NameWidth)
            {
                output.WriteLine(start);
                start = "";
            }

            foreach (string line in Wrap(description, Width - DescriptionColumn))
            {
                output.WriteLine((start.PadRight(DescriptionColumn) + line).TrimEnd());
                start = "";
            }
        }
    }

    /// <summary>The text in lines of at most <paramref name="width"/> characters, broken at spaces; at least one line.</summary>
    internal static IEnumerable<string> Wrap(string text, int width)
    {
        string line = "";
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        yield return line;
    }
}
