// Writes a network as a folder that timm or Hugging Face's transformers load.
using Microsoft.ML.VisionTransformer.Checkpoints.Configs;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats.Safetensors;
using Microsoft.ML.VisionTransformer.Checkpoints.Layouts;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>
/// <c>model.safetensors</c>, <c>config.json</c> and <c>preprocessor_config.json</c>. timm's layout wherever timm has the network, Hugging Face's elsewhere. The weights come
/// last: a folder without them is no checkpoint.
/// </summary>
internal static class SafetensorsExport
{
    private const string WeightsName = "model.safetensors";

    private static readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal) { ["format"] = "pt" };

    /// <summary>Writes the folder, which is made where it is not there.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="description">Network, preprocessing and classes.</param>
    /// <param name="values">The values of the tensor of that name.</param>
    /// <exception cref="NotSupportedException">Neither framework has such a network; the message says why.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    internal static void Write(string folder, CheckpointDescription description, Func<string, ReadOnlyMemory<float>> values)
    {
        // Sines and cosines are written out: neither framework makes them by itself.
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
            files.Remove(processor);    // one of another model would be wrong; timm's config.json says it all
        files.Write(Path.Combine(folder, HuggingFaceConfig.FileName), stream => TimmConfigWriter.Write(stream, architecture, description.Preprocessing, description.ClassNames));
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
