// A command with what its help shows besides the options: examples, groups of options, and lists.
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

    /// <summary>The options in groups. Options in no group are shown in a last group.</summary>
    internal IReadOnlyList<OptionGroup> Groups { get; set; } = [];

    /// <summary>Lists at the end of the help, such as the names that a value can have.</summary>
    internal IReadOnlyList<HelpList> Lists { get; set; } = [];

    /// <summary>Options that must be given, although not always on the command line.</summary>
    internal IReadOnlySet<string> RequiredOptions { get; set; } = new HashSet<string>(StringComparer.Ordinal);
}

/// <param name="Title">The heading.</param>
/// <param name="Options">Names of the options, with dashes, in order.</param>
/// <param name="Advanced">Whether only --help-all shows the group.</param>
internal sealed record OptionGroup(string Title, IReadOnlyList<string> Options, bool Advanced = false);

/// <param name="Title">The heading.</param>
/// <param name="Rows">Names and what they mean.</param>
internal sealed record HelpList(string Title, IReadOnlyList<(string Name, string Description)> Rows);
