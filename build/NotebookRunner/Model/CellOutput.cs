// What running a cell put out: text on a stream, or something to look at.
namespace NotebookRunner.Model;

internal abstract record CellOutput;

/// <param name="Name">stdout or stderr.</param>
/// <param name="Text">Lines that end with a line feed.</param>
internal sealed record StreamOutput(string Name, string Text) : CellOutput;

/// <param name="Data">The same thing in one or more forms, by MIME type: text/html as it is, image/png in base64.</param>
internal sealed record DisplayOutput(IReadOnlyDictionary<string, string> Data) : CellOutput;
