// How large a file is, in words.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Training;

internal static class Sizes
{
    internal static string Of(string path) => string.Create(CultureInfo.InvariantCulture, $"Saved {ShownPath.Of(path)} ({new FileInfo(path).Length / 1e6:F1} MB).");
}
