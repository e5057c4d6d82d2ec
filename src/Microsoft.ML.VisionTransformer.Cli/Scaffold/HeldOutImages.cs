// The test images of a model, from the list that train writes beside it.
using Microsoft.ML.VisionTransformer.Cli.Inputs;

namespace Microsoft.ML.VisionTransformer.Cli.Scaffold;

internal static class HeldOutImages
{
    private static readonly char[] _separators = [Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar];

    /// <summary>The test images as class/file, with slashes; empty if there is no list.</summary>
    /// <param name="mlContext">For reading the list.</param>
    /// <param name="model">The model file; the list of <c>flowers.zip</c> is <c>flowers.test.csv</c>.</param>
    /// <param name="warn">Receives the reason why a list cannot be used.</param>
    /// <exception cref="InvalidDataException">The list is malformed.</exception>
    internal static IReadOnlyList<string> Of(MLContext mlContext, string model, Action<string> warn)
    {
        string list = LabeledImages.TestListOf(model);
        if (!File.Exists(list))
            return [];
        var images = LabeledImages.ReadTestList(mlContext, list, warn);
        if (RelativePaths(images) is { } paths && paths.All(path => !path.Contains('\n', StringComparison.Ordinal) && !path.Contains('\r', StringComparison.Ordinal)))
            return paths;
        warn($"warning: {list} is not used: its images are not laid out as folder/class/image, which the generated program requires.");
        return [];
    }

    /// <summary>The paths relative to the folder that has one folder for each class; null if there is no such folder.</summary>
    internal static string[]? RelativePaths(IReadOnlyList<LabeledImage> images)
    {
        string[][] parts = [.. images.Select(image => Path.GetFullPath(image.Image).Split(_separators))];
        for (int depth = parts[0].Length - 2; depth >= 0; depth--)
        {
            var folder = parts[0].Take(depth);
            if (images.Zip(parts).All(image => image.Second.Length > depth + 1 && image.Second[depth] == image.First.Label && image.Second.Take(depth).SequenceEqual(folder)))
                return [.. parts.Select(path => string.Join('/', path.Skip(depth)))];
        }

        return null;
    }
}
