// Determines the architecture, preprocessing and classes of a checkpoint.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Checkpoints.Configs;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Sources in order: the file's own metadata, the configuration beside it, the architecture that the caller passes, the tensor shapes.</summary>
internal static class CheckpointDescriber
{
    private const string ConfigName = "config.json";

    /// <summary>Describes the open checkpoint.</summary>
    /// <param name="path">The file or folder that was opened.</param>
    /// <param name="file">The weights.</param>
    /// <param name="map">The weights under the network's names.</param>
    /// <param name="given">The architecture that the caller passes, or null.</param>
    /// <exception cref="InvalidCheckpointException">The configuration is invalid, or there is none and the shapes are ambiguous.</exception>
    internal static CheckpointDescription Describe(string path, CheckpointFile file, LayoutMap map, VisionTransformerArchitecture? given)
    {
        if (file.Description is { } own)
            return own;
        string? folder = ConfigFolder(path);
        if (given is null)
            return folder is not null ? FromConfig(folder, file) ?? FromShapes(map) : FromShapes(map);
        try
        {
            var stored = folder is null ? null : FromConfig(folder, file);
            return stored ?? Given(given, []);
        }
        catch (InvalidCheckpointException e)
        {
            // The caller's architecture replaces the configuration.
            return Given(given, [$"The given architecture was used instead of the configuration: {e.Message}"]);
        }
    }

    /// <summary>The folder whose configuration belongs to the weights: the opened folder, or the folder of a file with a standard hub name.</summary>
    private static string? ConfigFolder(string path)
    {
        string? folder = Directory.Exists(path) ? path
            : CheckpointFolder.IsStandardName(Path.GetFileName(path)) ? Path.GetDirectoryName(Path.GetFullPath(path))
            : null;
        return folder is not null && File.Exists(Path.Combine(folder, ConfigName)) ? folder : null;
    }

    private static CheckpointDescription? FromConfig(string folder, CheckpointFile file)
    {
        string config = Path.Combine(folder, ConfigName);
        if (TimmConfig.Matches(config))
            return TimmConfig.Read(config);
        return HuggingFaceConfig.Matches(folder)
            ? HuggingFaceConfig.Read(folder, file)
            : throw new InvalidCheckpointException(
                $"{config} has neither timm's \"architecture\" nor Hugging Face's \"model_type\", so it does not identify the network. Pass the architecture.");
    }

    private static CheckpointDescription FromShapes(LayoutMap map)
    {
        var inferred = ArchitectureFromShapes.Infer(map);
        return new CheckpointDescription(inferred.Architecture, ImagePreprocessing.For(inferred.Architecture), null, inferred.Notes);
    }

    private static CheckpointDescription Given(VisionTransformerArchitecture given, IReadOnlyList<string> notes) =>
        new(given.Check(), ImagePreprocessing.For(given), null, notes);
}
