// Why an image cannot be used, without its name, which stands beside it.
using System.Text.RegularExpressions;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Models;

internal static partial class ImageProblem
{
    /// <summary>Leaves out the path and the row that the library's message begins with.</summary>
    internal static string Of(Exception error, InputImage image)
    {
        string message = FailureMessage.Of(error).Replace(Path.GetFullPath(image.Path), "", StringComparison.Ordinal).Replace(image.Path, "", StringComparison.Ordinal);
        return Position().Replace(message, "").Trim();
    }

    [GeneratedRegex(@"^\s*(\((the image|row)[^)]*\)|image 1\b)")]
    private static partial Regex Position();
}
