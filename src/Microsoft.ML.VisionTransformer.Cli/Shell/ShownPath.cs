// A path as a person would type it here.
namespace Microsoft.ML.VisionTransformer.Cli.Shell;

internal static class ShownPath
{
    /// <summary>Relative to the current folder where it lies below it.</summary>
    internal static string Of(string path)
    {
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(relative) ? path : relative;
    }
}
