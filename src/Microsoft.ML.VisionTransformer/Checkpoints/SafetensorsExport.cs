// Writes a network as a folder that timm or Hugging Face's transformers load.

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>
/// <c>model.safetensors</c>, <c>config.json</c> and <c>preprocessor_config.json</c>. timm's layout wherever timm has the network, Hugging Face's elsewhere. Each file
/// is complete or not there; the configuration comes last.
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
        if (timmObstacle is null)
            WriteTimm(folder, description, values);
        else if (HuggingFaceConfigWriter.Obstacle(description) is { } obstacle)
            throw new NotSupportedException($"{folder} cannot be written: {timmObstacle} Hugging Face has no such network either: {obstacle}.");
        else
            WriteHuggingFace(folder, description, values);
    }

    private static void WriteTimm(string folder, CheckpointDescription description, Func<string, ReadOnlyMemory<float>> values)
    {
        var architecture = description.Architecture;
        var preset = TimmConfigWriter.Express(architecture).Preset;
        var layout = preset.IsEva ? TimmLayouts.EvaAs(preset.SplitQkv, preset.SplitsSwiGlu(architecture)) : TimmLayouts.Vit;
        WriteWeights(folder, layout, architecture, values);
        string processor = Path.Combine(folder, PreprocessorConfig.FileName);
        if (PreprocessorConfig.Obstacle(description.Preprocessing) is null)
            PreprocessorConfig.Write(processor, description.Preprocessing);
        else
            File.Delete(processor);    // one of another model would be wrong; timm's config.json says it all
        TimmConfigWriter.Write(Path.Combine(folder, HuggingFaceConfig.FileName), architecture, description.Preprocessing, description.ClassNames);
    }

    private static void WriteHuggingFace(string folder, CheckpointDescription description, Func<string, ReadOnlyMemory<float>> values)
    {
        var layout = description.Architecture switch
        {
            { LayerScale: null } => HuggingFaceVitLayouts.Vit,
            { RegisterTokens: 0 } => HuggingFaceDinoLayouts.Dinov2,
            _ => HuggingFaceDinoLayouts.Dinov2WithRegisters,
        };
        WriteWeights(folder, layout, description.Architecture, values);
        HuggingFaceConfig.Write(folder, description);
    }

    private static void WriteWeights(
        string folder, CheckpointLayout layout, VisionTransformerArchitecture architecture, Func<string, ReadOnlyMemory<float>> values)
    {
        Directory.CreateDirectory(folder);
        SafetensorsWriter.Write(Path.Combine(folder, WeightsName), layout.ToFile(architecture, values), _metadata);
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
