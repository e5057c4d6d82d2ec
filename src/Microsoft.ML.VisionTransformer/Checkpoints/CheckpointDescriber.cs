// Works out which network a checkpoint's weights belong to.
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Checkpoints.Configs;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>The file itself says it, or the configuration beside the weights; without one the shapes do, or the user.</summary>
internal static class CheckpointDescriber
{
    private const string ConfigName = "config.json";

    /// <summary>Describes the open weights.</summary>
    /// <param name="path">The file or folder that was opened.</param>
    /// <param name="file">The weights.</param>
    /// <param name="map">The weights under the network's names.</param>
    /// <param name="given">The network that the user names, or null.</param>
    /// <exception cref="InvalidCheckpointException">The configuration is broken, or there is none and the shapes leave something open.</exception>
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
            // The user says what the configuration would have said.
            return Given(given, [$"The configuration was not used, the architecture given was: {e.Message}"]);
        }
    }

    /// <summary>The folder whose configuration belongs to the weights: the one that was opened, or that of a file with a hub's usual name.</summary>
    private static string? ConfigFolder(string path)
    {
        string? folder = Directory.Exists(path) ? path : CheckpointFolder.IsUsualName(Path.GetFileName(path)) ? Path.GetDirectoryName(Path.GetFullPath(path)) : null;
        return folder is not null && File.Exists(Path.Combine(folder, ConfigName)) ? folder : null;
    }

    private static CheckpointDescription? FromConfig(string folder, CheckpointFile file)
    {
        string config = Path.Combine(folder, ConfigName);
        if (TimmConfig.IsOne(config))
            return TimmConfig.Read(config);
        return HuggingFaceConfig.IsOne(folder)
            ? HuggingFaceConfig.Read(folder, file)
            : throw new InvalidCheckpointException(
                $"{config} has neither \"architecture\", as timm's, nor \"model_type\", as Hugging Face's: which network the weights belong to cannot be known from it. Pass the architecture.");
    }

    private static CheckpointDescription FromShapes(LayoutMap map)
    {
        var inferred = ArchitectureFromShapes.Infer(map);
        return new CheckpointDescription(inferred.Architecture, ImagePreprocessing.For(inferred.Architecture), null, inferred.Notes);
    }

    private static CheckpointDescription Given(VisionTransformerArchitecture given, IReadOnlyList<string> notes) =>
        new(given.Check(), ImagePreprocessing.For(given), null, notes);
}
