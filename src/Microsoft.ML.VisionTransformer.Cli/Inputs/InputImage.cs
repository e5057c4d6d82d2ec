// An image that a command was given.
namespace Microsoft.ML.VisionTransformer.Cli.Inputs;

/// <param name="Name">What results call it: the path as given or found, or "-" for standard input.</param>
/// <param name="Path">The file.</param>
internal sealed record InputImage(string Name, string Path)
{
    /// <summary>Why there is no such image; null where there is a file.</summary>
    internal string? Problem { get; init; }
}
