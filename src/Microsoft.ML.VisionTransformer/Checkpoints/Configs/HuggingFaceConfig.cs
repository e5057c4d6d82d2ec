// Hugging Face's config.json: read into the description of a checkpoint and written from it.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Configs;

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

/// <summary>What a Hugging Face folder has to say of its network: settings, names of its classes, and the tensors that are there.</summary>
/// <param name="Root">The settings of <c>config.json</c>.</param>
/// <param name="Tensors">The tensors by their names.</param>
/// <param name="Notes">Takes what has to be assumed, a sentence each.</param>
internal sealed record HuggingFaceSource(JsonSettings Root, IReadOnlyDictionary<string, StoredTensor> Tensors, ICollection<string> Notes)
{
    /// <summary>The tensor of that name, whatever prefix it has: the model's class puts its own in front (<c>vit.</c>, <c>vision_model.</c>).</summary>
    internal StoredTensor? Find(string name) => Tensors.TryGetValue(name, out var exact)
        ? exact
        : Tensors.FirstOrDefault(tensor => tensor.Key.EndsWith("." + name, StringComparison.Ordinal)).Value;

    /// <summary>Whether the file was saved from a class whose name ends so, such as <c>ForImageClassification</c>.</summary>
    internal bool IsClass(string ending) => Root.Texts("architectures").Any(name => name.EndsWith(ending, StringComparison.Ordinal));

    /// <summary>Whether there is a head: its weight says so, or the class that was saved.</summary>
    internal bool HasHead(string weight, string classEnding) => Find(weight) is not null || IsClass(classEnding);

    /// <summary>Outputs of a head, whose number the configuration gives as <paramref name="configured"/> under <paramref name="key"/>.</summary>
    /// <exception cref="InvalidCheckpointException">The head's weight has another number of rows.</exception>
    internal int Outputs(string weight, int configured, string key) => Find(weight) is { Shape: [long rows, _] } tensor && rows != configured
        ? throw Root.Unsupported(
            key,
            $"that makes {configured} outputs, and {MessageText.Of(tensor.Name)} has {rows} rows; "
            + "configuration and weights are of different checkpoints, fetch both again.")
        : configured;
}

/// <summary>The settings that every image tower of Hugging Face has, under the names they share.</summary>
internal static class HuggingFaceTower
{
    /// <summary>
    /// Sizes, activation, epsilon and dropout, on top of what is fixed for the model type. What is left out has the value of
    /// <paramref name="standard"/>, an MLP of <c>intermediate_size</c> its width.
    /// </summary>
    internal static VisionTransformerArchitecture Read(JsonSettings settings, VisionTransformerArchitecture standard)
    {
        int dimension = settings.Whole("hidden_size", standard.EmbeddingDimension);
        int hidden = settings.Whole("intermediate_size", standard.MlpHiddenDimension);
        return standard with
        {
            ImageSize = settings.Dimensions("image_size", standard.ImageSize),
            PatchSize = settings.Dimensions("patch_size", standard.PatchSize),
            Channels = settings.Whole("num_channels", standard.Channels),
            EmbeddingDimension = dimension,
            Depth = settings.Whole("num_hidden_layers", standard.Depth),
            Heads = settings.Whole("num_attention_heads", standard.Heads),
            MlpRatio = VisionTransformerArchitecture.MlpRatioOf(hidden, dimension),
            Activation = standard.Mlp == MlpKind.Plain ? ReadActivation(settings, standard.Activation) : standard.Activation,
            NormEpsilon = settings.Number("layer_norm_eps", standard.NormEpsilon, v => v is > 0 and <= 1, "a number above 0, at most 1,"),
            DropPathRate = Rate(settings, "drop_path_rate"),
        };
    }

    /// <summary>
    /// Dropout under the names of the models that follow BERT's code. Embeddings and projections share one there;
    /// <see cref="HuggingFaceConfigWriter.EmbeddingDropoutKey"/> is ours, for networks where they differ.
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

    /// <summary>A share in [0, 1).</summary>
    internal static double Rate(JsonSettings settings, string key, double standard = 0) =>
        settings.Number(key, standard, v => v is >= 0 and < 1, "a number from 0 to below 1");

    /// <summary>The first value of LayerScale, which the weights replace.</summary>
    internal static double LayerScale(JsonSettings settings) =>
        settings.Number("layerscale_value", 1, v => v is > 0 and <= 1e6, "a number above 0, at most 1e6,");

    private static MlpActivation ReadActivation(JsonSettings settings, MlpActivation standard) => settings.Text("hidden_act") switch
    {
        null => standard,
        "gelu" or "gelu_python" => MlpActivation.Gelu,
        "gelu_pytorch_tanh" or "gelu_new" => MlpActivation.GeluTanh,
        "quick_gelu" => MlpActivation.QuickGelu,
        _ => throw settings.Unsupported("hidden_act", "the activations gelu, gelu_pytorch_tanh, gelu_new and quick_gelu are read; take another checkpoint."),
    };
}

/// <summary>The classes of a Hugging Face configuration: their number and their names.</summary>
/// <param name="Count">Number of classes.</param>
/// <param name="Names">Their names in the order of the head's outputs; null where only placeholders are there.</param>
internal sealed record HuggingFaceLabels(int Count, IReadOnlyList<string>? Names)
{
    /// <summary>The settings' names.</summary>
    internal const string NamesKey = "id2label", CountKey = "num_labels";

    private const int StandardCount = 2;
    private const int MostCount = 1_000_000;

    /// <summary>
    /// <c>id2label</c> in the numeric order of its keys; <c>num_labels</c> where there are no names; else two classes, what Hugging Face leaves out.
    /// <c>LABEL_0</c>, <c>LABEL_1</c>, ... are what it writes where nobody named the classes.
    /// </summary>
    /// <exception cref="InvalidCheckpointException">The keys are not 0, 1, 2, ..., a name is no text, or the two settings disagree.</exception>
    internal static HuggingFaceLabels Read(JsonSettings settings)
    {
        if (settings.Object(NamesKey) is not { } labels)
            return new HuggingFaceLabels(settings.Whole(CountKey, StandardCount, least: 0, MostCount), null);
        string[] names = ReadNames(settings, labels);
        if (settings.Whole(CountKey, names.Length, least: 0, MostCount) != names.Length)
            throw settings.Wrong(CountKey, $"{names.Length}, the number of names in {NamesKey},");
        return new HuggingFaceLabels(names.Length, names.Select((name, i) => name == Placeholder(i)).All(isPlaceholder => isPlaceholder) ? null : names);
    }

    /// <summary>What stands for the name of a class without one.</summary>
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
