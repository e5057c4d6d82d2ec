// A command that can show how it is used.

namespace Microsoft.ML.VisionTransformer.Cli.Shell;

/// <summary>What has examples for its help.</summary>
internal interface IHasExamples
{
    /// <summary>What each does, and what to type behind the tool's name.</summary>
    IReadOnlyList<(string What, string Line)> Examples { get; }
}

internal sealed class ExampleCommand(string name, string description, params (string What, string Line)[] examples) : System.CommandLine.Command(name, description), IHasExamples
{
    public IReadOnlyList<(string What, string Line)> Examples => examples;

    /// <summary>Whether several processes can do it together.</summary>
    internal bool FractionsItsWork { get; set; }
}
