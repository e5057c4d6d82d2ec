// A command with usage examples, and the help action that prints them.
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

/// <param name="name">What the user types.</param>
/// <param name="description">The first line of the help.</param>
/// <param name="examples">What each example does, and its arguments after the tool's name, or a whole command line that contains the tool's name.</param>
internal sealed class ExampleCommand(string name, string description, params (string What, string Line)[] examples)
    : System.CommandLine.Command(name, description)
{
    internal IReadOnlyList<(string What, string Line)> Examples => examples;

    /// <summary>Whether the command can run in several processes that an MPI launcher starts.</summary>
    internal bool SupportsMultipleProcesses { get; set; }
}

internal sealed class HelpWithExamples(HelpAction plain) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int code = plain.Invoke(parseResult);
        if (parseResult.CommandResult.Command is not ExampleCommand { Examples: { Count: > 0 } examples })
            return code;
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (var (what, line) in examples)
        {
            output.WriteLine($"  {what}:");
            output.WriteLine(line.Contains(Tool.Name, StringComparison.Ordinal) ? $"    {line}" : $"    {Tool.Name} {line}");
        }

        output.WriteLine();
        return code;
    }
}
