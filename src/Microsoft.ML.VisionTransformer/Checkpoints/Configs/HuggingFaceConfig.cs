// Hugging Face's config.json: read into the description of a checkpoint and written from it.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Network;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>
/// A folder in Hugging Face's layout. The classes that its <c>architectures</c> name, and the tensors that are there, decide on the head; what a
/// setting is where it is left out is that of the model type's configuration class in transformers (configuration_*.py).
/// </summary>
internal static class HuggingFaceConfig
{
    internal const string FileName = "config.json";

    /// <summary>Ours: the preset that the network began as. transformers keeps such settings and does nothing with them.</summary>
    internal const string NameKey = "timm_architecture";

    private const int LongestName = 100;

    /// <summary>Whether the folder has a <c>config.json</c> with a <c>model_type</c>, which timm's has not.</summary>
    /// <exception cref="InvalidCheckpointException">The file is broken.</exception>
    internal static bool IsOne(string folder)
    {
        string path = Path.Combine(folder, FileName);
        return File.Exists(path) && JsonSettings.Load(path).Has(HuggingFaceModelType.Key);
    }

    /// <summary>Describes the folder's weights, which the caller has opened, from its two configuration files.</summary>
    /// <exception cref="FileNotFoundException">There is no <c>config.json</c>.</exception>
    /// <exception cref="InvalidCheckpointException">A file is broken, a value is wrong, or the model is of a kind that is not read.</exception>
    internal static CheckpointDescription Read(string folder, CheckpointFile weights)
    {
        string path = Path.Combine(folder, FileName);
        var settings = JsonSettings.Load(path);
        var notes = new List<string>();
        var (architecture, names) = Read(settings, path, weights.Tensors, notes);
        var preprocessing = PreprocessorConfig.Read(
            Path.Combine(folder, PreprocessorConfig.FileName), architecture, HuggingFaceModelType.Find(settings).Processor, notes);
        return new CheckpointDescription(architecture, preprocessing, names, notes);
    }

    /// <summary>The network and the names of its classes.</summary>
    internal static (VisionTransformerArchitecture Architecture, IReadOnlyList<string>? ClassNames) Read(
        JsonSettings settings, string path, IReadOnlyDictionary<string, StoredTensor> tensors, ICollection<string> notes)
    {
        var type = HuggingFaceModelType.Find(settings);
        var architecture = Checked(type.Read(new HuggingFaceSource(settings, tensors, notes)), path);
        architecture = architecture with { Name = ReadName(settings) ?? KnownArchitecture.NameOf(architecture, type.Name) };
        bool hasClasses = architecture is { Classes: > 0, HeadBias: true };
        return (architecture, hasClasses ? HuggingFaceLabels.Read(settings).Names : null);
    }

    /// <summary>Adds <c>config.json</c> and <c>preprocessor_config.json</c> for a plain ViT or a DINOv2 with a classifier.</summary>
    /// <param name="files">Takes the files.</param>
    /// <param name="folder">Their folder.</param>
    /// <param name="description">What they say.</param>
    /// <exception cref="NotSupportedException">Hugging Face has no such network: see <see cref="HuggingFaceConfigWriter.Obstacle"/>.</exception>
    internal static void Write(FileSet files, string folder, CheckpointDescription description)
    {
        if (HuggingFaceConfigWriter.Obstacle(description) is { } obstacle)
            throw new NotSupportedException($"{folder} cannot be written in Hugging Face's layout: {obstacle}.");
        PreprocessorConfig.Write(files, Path.Combine(folder, PreprocessorConfig.FileName), description.Preprocessing);
        files.Write(Path.Combine(folder, FileName), stream => ConfigFile.Write(stream, HuggingFaceConfigWriter.Settings(description)));
    }

    /// <summary>Whether a name can be written and read.</summary>
    internal static bool IsName(string name) => name.Length is > 0 and <= LongestName && !name.Any(char.IsControl);

    private static VisionTransformerArchitecture Checked(VisionTransformerArchitecture architecture, string path)
    {
        try
        {
            return architecture.Check();
        }
        catch (ArgumentException e)
        {
            throw new InvalidCheckpointException($"{path} describes a network that cannot be built: {e.Message} Correct the file or fetch it again.", e);
        }
    }

    private static string? ReadName(JsonSettings settings)
    {
        string? name = settings.Text(NameKey);
        return name is null || IsName(name) ? name : throw settings.Wrong(NameKey, $"a name of 1 to {LongestName} characters");
    }
}
