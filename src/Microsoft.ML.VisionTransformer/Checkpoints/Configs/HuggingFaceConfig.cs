// Reads and writes Hugging Face's config.json: architecture settings and class names.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Configs;

/// <summary>
/// Reads and writes a folder in Hugging Face's layout. The <c>architectures</c> setting and the tensors in the file determine the head. A missing setting
/// has the default of the model type's configuration class in transformers (configuration_*.py).
/// </summary>
internal static class HuggingFaceConfig
{
    internal const string FileName = "config.json";

    /// <summary>This library's own setting: the name of the preset. transformers preserves unknown settings and ignores them.</summary>
    internal const string NameKey = "timm_architecture";

    private const int LongestName = 100;

    /// <summary>Whether the folder has a <c>config.json</c> with a <c>model_type</c>, which timm's does not have.</summary>
    /// <exception cref="InvalidCheckpointException">The file is invalid.</exception>
    internal static bool Matches(string folder)
    {
        string path = Path.Combine(folder, FileName);
        return File.Exists(path) && JsonSettings.Load(path).Has(HuggingFaceModelType.Key);
    }

    /// <summary>Describes the folder's weights, which the caller has opened, from its two configuration files.</summary>
    /// <exception cref="FileNotFoundException">There is no <c>config.json</c>.</exception>
    /// <exception cref="InvalidCheckpointException">A file or value is invalid, or the model type is not supported.</exception>
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

    /// <summary>Reads the architecture and the class names.</summary>
    internal static (VisionTransformerArchitecture Architecture, IReadOnlyList<string>? ClassNames) Read(
        JsonSettings settings, string path, IReadOnlyDictionary<string, StoredTensor> tensors, ICollection<string> notes)
    {
        var type = HuggingFaceModelType.Find(settings);
        var architecture = Checked(type.Read(new HuggingFaceSource(settings, tensors, notes)), path);
        architecture = architecture with { Name = ReadName(settings) ?? KnownArchitecture.NameOf(architecture, type.Name) };
        bool hasClasses = architecture is { Classes: > 0, HeadBias: true };
        return (architecture, hasClasses ? HuggingFaceLabels.Read(settings).Names : null);
    }

    /// <summary>Writes <c>config.json</c> and <c>preprocessor_config.json</c> for a plain ViT or a DINOv2 with a classifier.</summary>
    /// <param name="files">Receives the files.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="description">Architecture, preprocessing and classes.</param>
    /// <exception cref="NotSupportedException">Hugging Face does not support the network: see <see cref="HuggingFaceConfigWriter.Obstacle"/>.</exception>
    internal static void Write(FileSet files, string folder, CheckpointDescription description)
    {
        if (HuggingFaceConfigWriter.Obstacle(description) is { } obstacle)
            throw new NotSupportedException($"{folder} cannot be written in Hugging Face's layout: {obstacle}.");
        PreprocessorConfig.Write(files, Path.Combine(folder, PreprocessorConfig.FileName), description.Preprocessing);
        files.Write(Path.Combine(folder, FileName), stream => ConfigFile.Write(stream, HuggingFaceConfigWriter.Settings(description)));
    }

    /// <summary>Whether a name is valid for <see cref="NameKey"/>.</summary>
    internal static bool IsName(string name) => name.Length is > 0 and <= LongestName && !name.Any(char.IsControl);

    private static VisionTransformerArchitecture Checked(VisionTransformerArchitecture architecture, string path)
    {
        try
        {
            return architecture.Check();
        }
        catch (ArgumentException e)
        {
            throw new InvalidCheckpointException($"{path} describes a network that cannot be built: {e.Message} Correct the file or download it again.", e);
        }
    }

    private static string? ReadName(JsonSettings settings)
    {
        string? name = settings.Text(NameKey);
        return name is null || IsName(name) ? name : throw settings.Wrong(NameKey, $"a name of 1 to {LongestName} characters");
    }
}

/// <summary>The inputs for reading an architecture from a Hugging Face folder.</summary>
/// <param name="Root">The settings of <c>config.json</c>.</param>
/// <param name="Tensors">The tensors by name.</param>
/// <param name="Notes">Receives a sentence for each assumption.</param>
internal sealed record HuggingFaceSource(JsonSettings Root, IReadOnlyDictionary<string, StoredTensor> Tensors, ICollection<string> Notes)
{
    /// <summary>Finds a tensor by name, with or without the prefix of the model class (<c>vit.</c>, <c>vision_model.</c>).</summary>
    internal StoredTensor? Find(string name) => Tensors.TryGetValue(name, out var exact)
        ? exact
        : Tensors.FirstOrDefault(tensor => tensor.Key.EndsWith("." + name, StringComparison.Ordinal)).Value;

    /// <summary>Whether the file was saved from a class whose name ends with the text, such as <c>ForImageClassification</c>.</summary>
    internal bool IsClass(string ending) => Root.Texts("architectures").Any(name => name.EndsWith(ending, StringComparison.Ordinal));

    /// <summary>Whether there is a head, according to the tensors or the class that was saved.</summary>
    internal bool HasHead(string weight, string classEnding) => Find(weight) is not null || IsClass(classEnding);

    /// <summary>Number of a head's outputs, which the configuration states as <paramref name="configured"/> under <paramref name="key"/>.</summary>
    /// <exception cref="InvalidCheckpointException">The head's weight has another number of rows.</exception>
    internal int Outputs(string weight, int configured, string key) => Find(weight) is { Shape: [long rows, _] } tensor && rows != configured
        ? throw Root.Unsupported(
            key,
            $"this gives {configured} outputs, but {MessageText.Of(tensor.Name)} has {rows} rows; "
            + "configuration and weights belong to different checkpoints: download both again.")
        : configured;
}

/// <summary>Reads the settings that all of Hugging Face's image towers share.</summary>
internal static class HuggingFaceTower
{
    /// <summary>
    /// Reads sizes, activation, epsilon and drop path rate. Missing settings have the value of <paramref name="standard"/>, which also holds everything that
    /// is fixed for the model type. The MLP width is <c>intermediate_size</c>.
    /// </summary>
    internal static VisionTransformerArchitecture Read(JsonSettings settings, VisionTransformerArchitecture standard)
    {
        int dimension = settings.Integer("hidden_size", standard.EmbeddingDimension);
        int hidden = settings.Integer("intermediate_size", standard.MlpHiddenDimension);
        return standard with
        {
            ImageSize = settings.Dimensions("image_size", standard.ImageSize),
            PatchSize = settings.Dimensions("patch_size", standard.PatchSize),
            Channels = settings.Integer("num_channels", standard.Channels),
            EmbeddingDimension = dimension,
            Depth = settings.Integer("num_hidden_layers", standard.Depth),
            Heads = settings.Integer("num_attention_heads", standard.Heads),
            MlpRatio = VisionTransformerArchitecture.MlpRatioOf(hidden, dimension),
            Activation = standard.Mlp == MlpKind.Plain ? ReadActivation(settings, standard.Activation) : standard.Activation,
            NormEpsilon = settings.Number("layer_norm_eps", standard.NormEpsilon, v => v is > 0 and <= 1, "a number above 0, at most 1,"),
            DropPathRate = Rate(settings, "drop_path_rate"),
        };
    }

    /// <summary>
    /// Reads dropout under the names of models based on BERT's code, which use one rate for embeddings and projections.
    /// <see cref="HuggingFaceConfigWriter.EmbeddingDropoutKey"/> is this library's own setting for networks where the two differ.
    /// </summary>
    internal static VisionTransformerArchitecture WithDropout(this VisionTransformerArchitecture architecture, JsonSettings settings)
    {
        double hidden = Rate(settings, "hidden_dropout_prob");
        return architecture with
        {
            EmbeddingDropoutRate = Rate(settings, HuggingFaceConfigWriter.EmbeddingDropoutKey, hidden),
            ProjectionDropoutRate = hidden,
            AttentionDropoutRate = Rate(settings, "attention_probs_dropout_prob"),
        };
    }

    /// <summary>A rate in [0, 1).</summary>
    internal static double Rate(JsonSettings settings, string key, double standard = 0) =>
        settings.Number(key, standard, v => v is >= 0 and < 1, "a number from 0 to below 1");

    /// <summary>LayerScale's initial value, which the weights replace.</summary>
    internal static double LayerScale(JsonSettings settings) =>
        settings.Number("layerscale_value", 1, v => v is > 0 and <= 1e6, "a number above 0, at most 1e6,");

    private static MlpActivation ReadActivation(JsonSettings settings, MlpActivation standard) => settings.Text("hidden_act") switch
    {
        null => standard,
        "gelu" or "gelu_python" => MlpActivation.Gelu,
        "gelu_pytorch_tanh" or "gelu_new" => MlpActivation.GeluTanh,
        "quick_gelu" => MlpActivation.QuickGelu,
        _ => throw settings.Unsupported(
            "hidden_act", "the supported activations are gelu, gelu_pytorch_tanh, gelu_new and quick_gelu; use another checkpoint."),
    };
}

/// <summary>Number and names of the classes in a Hugging Face configuration.</summary>
/// <param name="Count">Number of classes.</param>
/// <param name="Names">Class names in the order of the head's outputs; null if there are only placeholders.</param>
internal sealed record HuggingFaceLabels(int Count, IReadOnlyList<string>? Names)
{
    /// <summary>Names of the settings.</summary>
    internal const string NamesKey = "id2label", CountKey = "num_labels";

    private const int StandardCount = 2;
    private const int MaxCount = 1_000_000;

    /// <summary>
    /// Reads <c>id2label</c> in the numeric order of its keys. Without it the number of classes is <c>num_labels</c>, or 2, Hugging Face's default, which it
    /// does not write. <c>LABEL_0</c>, <c>LABEL_1</c>, ... are placeholders for classes without names.
    /// </summary>
    /// <exception cref="InvalidCheckpointException">The keys are not 0, 1, 2, ..., a name is not a string, or the two settings disagree.</exception>
    internal static HuggingFaceLabels Read(JsonSettings settings)
    {
        if (settings.Object(NamesKey) is not { } labels)
            return new HuggingFaceLabels(settings.Integer(CountKey, StandardCount, least: 0, MaxCount), null);
        string[] names = ReadNames(settings, labels);
        if (settings.Integer(CountKey, names.Length, least: 0, MaxCount) != names.Length)
            throw settings.Wrong(CountKey, $"{names.Length}, the number of names in {NamesKey},");
        return new HuggingFaceLabels(names.Length, names.Select((name, i) => name == Placeholder(i)).All(isPlaceholder => isPlaceholder) ? null : names);
    }

    /// <summary>The placeholder for a class without a name.</summary>
    internal static string Placeholder(int index) => string.Create(CultureInfo.InvariantCulture, $"LABEL_{index}");

    private static string[] ReadNames(JsonSettings settings, JsonSettings labels)
    {
        var names = new string?[labels.Names.Count()];
        foreach (string key in labels.Names)
        {
            if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int index) || index >= names.Length || names[index] is not null)
                throw settings.Wrong(NamesKey, $"an object with the keys \"0\" to \"{names.Length - 1}\"");
            names[index] = labels.Text(key) ?? throw labels.Wrong(key, "the name of a class");
        }

        return names!;
    }
}
