// Exports a network as a folder that timm or Hugging Face transformers can load.
using Microsoft.ML.VisionTransformer.Checkpoints.Configs;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>
/// Writes <c>model.safetensors</c>, <c>config.json</c> and <c>preprocessor_config.json</c>, in timm's layout if timm supports the network, otherwise in
/// Hugging Face's. The weights are committed last, because a folder without weights is not loaded as a checkpoint.
/// </summary>
internal static class SafetensorsExport
{
    private const string WeightsName = "model.safetensors";

    private static readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal) { ["format"] = "pt" };

    /// <summary>Writes the folder and creates it if necessary.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="description">Architecture, preprocessing and classes.</param>
    /// <param name="values">Returns the values of a tensor by name.</param>
    /// <exception cref="NotSupportedException">Neither framework supports the network; the message says why.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    internal static void Write(string folder, CheckpointDescription description, Func<string, ReadOnlyMemory<float>> values)
    {
        // The sine-cosine table is written as a learned table, because neither framework computes it.
        var architecture = description.Architecture.PositionEmbedding == PositionEmbedding.SinCos2D
            ? description.Architecture with { PositionEmbedding = PositionEmbedding.Learned }
            : description.Architecture;
        description = description with { Architecture = architecture };
        string? timmObstacle = TimmObstacle(architecture);
        using var files = new FileSet(Path.Combine(folder, WeightsName));
        if (timmObstacle is null)
            WriteTimm(files, folder, description, values);
        else if (HuggingFaceConfigWriter.Obstacle(description) is { } obstacle)
            throw new NotSupportedException($"{folder} cannot be written: {timmObstacle} Hugging Face has no such network either: {obstacle}.");
        else
            WriteHuggingFace(files, folder, description, values);
        files.Commit();
    }

    private static void WriteTimm(FileSet files, string folder, CheckpointDescription description, Func<string, ReadOnlyMemory<float>> values)
    {
        var architecture = description.Architecture;
        var preset = TimmConfigWriter.Express(architecture).Preset;
        var layout = preset.IsEva ? TimmLayouts.EvaAs(preset.SplitQkv, preset.SplitsSwiGlu(architecture)) : TimmLayouts.Vit;
        WriteWeights(files, folder, layout, architecture, values);
        string processor = Path.Combine(folder, PreprocessorConfig.FileName);
        if (PreprocessorConfig.Obstacle(description.Preprocessing) is null)
            PreprocessorConfig.Write(files, processor, description.Preprocessing);
        else
            files.Remove(processor);    // one left from another model would be wrong; timm's config.json is complete
        files.Write(
            Path.Combine(folder, HuggingFaceConfig.FileName),
            stream => TimmConfigWriter.Write(stream, architecture, description.Preprocessing, description.ClassNames));
    }

    private static void WriteHuggingFace(FileSet files, string folder, CheckpointDescription description, Func<string, ReadOnlyMemory<float>> values)
    {
        var layout = description.Architecture switch
        {
            { LayerScale: null } => HuggingFaceVitLayouts.Vit,
            { RegisterTokens: 0 } => HuggingFaceDinoLayouts.Dinov2,
            _ => HuggingFaceDinoLayouts.Dinov2WithRegisters,
        };
        WriteWeights(files, folder, layout, description.Architecture, values);
        HuggingFaceConfig.Write(files, folder, description);
    }

    private static void WriteWeights(
        FileSet files, string folder, CheckpointLayout layout, VisionTransformerArchitecture architecture, Func<string, ReadOnlyMemory<float>> values)
    {
        Directory.CreateDirectory(folder);
        files.Write(Path.Combine(folder, WeightsName), stream => SafetensorsWriter.Write(stream, layout.ToFile(architecture, values), _metadata));
    }

    private static string? TimmObstacle(VisionTransformerArchitecture architecture)
    {
        try
        {
            TimmConfigWriter.Express(architecture);
            return null;
        }
        catch (NotSupportedException e)
        {
            return e.Message;
        }
    }
}
