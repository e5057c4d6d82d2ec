// How a report calls an image.
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Models;
using Microsoft.ML.VisionTransformer.Cli.Report;

namespace Microsoft.ML.VisionTransformer.Cli.Evaluation;

internal static class ShownImage
{
    /// <summary>The path below the data folder; of an image elsewhere the last folder and the name.</summary>
    internal static string Name(string path, string data)
    {
        string relative = Path.GetRelativePath(data, path);
        bool below = !Path.IsPathRooted(relative) && !relative.StartsWith("..", StringComparison.Ordinal);
        string name = below ? relative : Path.Combine(Path.GetFileName(Path.GetDirectoryName(path)) ?? "", Path.GetFileName(path));
        return name.Replace('\\', '/');
    }

    internal static SkippedFile Skipped(ScoredImage scored, string data)
    {
        string name = Name(scored.Image.Path, data);
        return new SkippedFile(name, WithoutPath(scored.Problem!, scored.Image.Path, name));
    }

    /// <summary>The image that a trainer's message is about.</summary>
    internal static SkippedFile InMessage(string message, IEnumerable<LabeledImage> images, string data)
    {
        string? path = images.Select(image => image.Image).Where(image => message.Contains(image, StringComparison.Ordinal)).MaxBy(image => image.Length);
        string name = path is null ? "" : Name(path, data);
        return new SkippedFile(name, path is null ? message : WithoutPath(message, path, name));
    }

    private static string WithoutPath(string message, string path, string name) =>
        message.Replace(Path.GetFullPath(path), name, StringComparison.Ordinal).Replace(path, name, StringComparison.Ordinal);
}
