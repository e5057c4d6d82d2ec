// The help of a command, with examples below it.
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal sealed class HelpWithExamples(HelpAction plain) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int code = plain.Invoke(parseResult);
        if (parseResult.CommandResult.Command is not IHasExamples { Examples: { Count: > 0 } examples })
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
