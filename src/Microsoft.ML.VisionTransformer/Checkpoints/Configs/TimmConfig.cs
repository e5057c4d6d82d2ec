// Reads config.json in timm's hub layout: architecture, preprocessing and class names.
using System.Globalization;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Architecture;
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Configs;

/// <summary>Reads config.json in timm's hub layout: architecture, preprocessing and class names.</summary>
/// <remarks>
/// Format, as written by timm's <c>save_config_for_hf</c>: a JSON object with <c>architecture</c> (a name without tag), <c>num_classes</c>,
/// <c>num_features</c>, <c>global_pool</c>, <c>label_names</c> (a list, or an object from index to name), <c>model_args</c> (constructor arguments that
/// differ from the preset) and <c>pretrained_cfg</c> (input size, normalization, crop). Old files have the members of <c>pretrained_cfg</c> at the top level.
/// Precedence: <c>model_args</c>, <c>num_classes</c>, <c>pretrained_cfg</c>, preset. <see cref="TimmConfigWriter"/> writes this format.
/// </remarks>
internal static class TimmConfig
{
    private const long MaxLength = 16 << 20;

    /// <summary>Whether a parsed <c>config.json</c> is timm's: it has a string <c>architecture</c> (Hugging Face's files have <c>architectures</c>).</summary>
    internal static bool Matches(JsonElement root) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty("architecture", out var name) && name.ValueKind == JsonValueKind.String;

    /// <summary>Whether a file is timm's <c>config.json</c>.</summary>
    /// <exception cref="InvalidCheckpointException">The file is not valid JSON.</exception>
    internal static bool Matches(string path)
    {
        using var document = Open(path);
        return Matches(document.RootElement);
    }

    /// <summary>Reads architecture, preprocessing and class names.</summary>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="InvalidCheckpointException">
    /// The file is invalid, or describes a network that cannot be built; the message names the key and the allowed values.
    /// </exception>
    internal static CheckpointDescription Read(string path)
    {
        using var document = Open(path);
        var root = Members(document.RootElement, path, path);
        var preset = FindPreset(root, path);
        var notes = new List<string>();
        bool nested = root.TryGetValue("pretrained_cfg", out var inner);
        var settings = nested ? Members(inner.Element, inner.Where, $"{path}: pretrained_cfg") : root;
        string tag = settings.TryGetValue("tag", out var tagged) && !tagged.IsNull ? tagged.Text() : ArchitecturePresets.Split(root["architecture"].Text()).Tag;
        string name = tag.Length == 0 ? preset.Architecture.Name : $"{preset.Architecture.Name}.{MessageText.Of(tag)}";
        var arguments = root.TryGetValue("model_args", out var given) && !given.IsNull ? Members(given.Element, given.Where, $"{path}: model_args") : [];
        var start = Start(preset.Tagged(tag), root, settings);
        var architecture = Checked(TimmArguments.Apply(preset, start, arguments, path, notes), path);
        Compare(architecture, root, arguments, notes);
        if (!arguments.ContainsKey("num_classes") && !root.ContainsKey("num_classes") && !settings.ContainsKey("num_classes"))
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"{path} has no num_classes; {architecture.Classes} is assumed, as in timm's {name}."));
        if (architecture.ImageSize != start.ImageSize && settings.ContainsKey("input_size"))
            notes.Add($"{path} has img_size {architecture.ImageSize} and input_size {start.ImageSize}; images are preprocessed to the former.");
        var preprocessing = TimmPreprocessing.Read(settings, ImagePreprocessing.For(architecture, name), architecture.Channels, name, path, notes);
        return new CheckpointDescription(architecture, preprocessing, TimmLabels.Read(root, settings, architecture.Classes, notes), notes);
    }

    private static JsonDocument Open(string path)
    {
        long length = new FileInfo(path).Length;
        return length <= MaxLength
            ? StrictJson.Parse(File.ReadAllBytes(path), path)
            : throw new InvalidCheckpointException($"{path} has {length} bytes; a configuration may have at most {MaxLength}; pass the correct file.");
    }

    private static Dictionary<string, TimmValue> Members(JsonElement element, string where, string prefix) => StrictJson.Members(element, where)
        .ToDictionary(member => member.Key, member => new TimmValue(member.Value, $"{prefix}: {MessageText.Of(member.Key)}"), StringComparer.Ordinal);

    private static ArchitecturePreset FindPreset(Dictionary<string, TimmValue> root, string path)
    {
        if (!root.TryGetValue("architecture", out var value))
            throw new InvalidCheckpointException($"{path} has no architecture: it is not a timm configuration; pass another file.");
        string bare = ArchitecturePresets.Split(value.Text()).Bare;
        return ArchitecturePresets.Find(bare) ?? throw new InvalidCheckpointException(
            $"{value.Where} is {MessageText.Of(value.Element.GetRawText())}, which is not a known plain Vision Transformer; the closest name is "
            + $"\"{NearestName.To(MessageText.Of(bare), ArchitecturePresets.Names)}\". "
            + $"{nameof(VisionTransformerArchitecture)}.{nameof(VisionTransformerArchitecture.Known)} lists all names; "
            + "pass the architecture if the network is one of these under another name.");
    }

    /// <summary>The preset's architecture with the input size and class count that timm reads from outside <c>model_args</c>.</summary>
    private static VisionTransformerArchitecture Start(
        VisionTransformerArchitecture preset, Dictionary<string, TimmValue> root, Dictionary<string, TimmValue> settings)
    {
        var start = preset;
        if (settings.TryGetValue("input_size", out var input) && !input.IsNull)
        {
            var sizes = input.Items();
            start = sizes.Length == 3
                ? start with { Channels = sizes[0].Count(1), ImageSize = (sizes[1].Count(1), sizes[2].Count(1)) }
                : throw input.Expected("[channels, rows, columns]");
        }

        return (root.TryGetValue("num_classes", out var classes) || settings.TryGetValue("num_classes", out classes)) && !classes.IsNull
            ? start with { Classes = classes.Count(0) }
            : start;
    }

    private static VisionTransformerArchitecture Checked(VisionTransformerArchitecture architecture, string path)
    {
        try
        {
            return architecture.Check();
        }
        catch (ArgumentException e)
        {
            throw new InvalidCheckpointException(
                $"{path} describes a network that cannot be built: {e.Message} Correct model_args or pass the architecture.", e);
        }
    }

    /// <summary>
    /// Checks members that repeat what the arguments state. Contradicting numbers are an error. A contradicting <c>global_pool</c> occurs in timm's own files
    /// and only causes a note.
    /// </summary>
    private static void Compare(
        VisionTransformerArchitecture architecture, Dictionary<string, TimmValue> root, Dictionary<string, TimmValue> arguments, List<string> notes)
    {
        Same("num_features", architecture.EmbeddingDimension);
        if (arguments.ContainsKey("num_classes"))
            Same("num_classes", architecture.Classes);
        if (root.TryGetValue("global_pool", out var pool) && !pool.IsNull && pool.OneOf(TimmNames.Pooling) != architecture.Pooling)
        {
            notes.Add(
                $"{pool.Where} is \"{pool.Text()}\", which is ignored, as in timm: "
                + $"the network uses the pooling of its name and model_args ({architecture.Pooling}).");
        }

        void Same(string name, int expected)
        {
            if (root.TryGetValue(name, out var value) && !value.IsNull && value.Count(0) != expected)
                throw value.Expected(string.Create(CultureInfo.InvariantCulture, $"{expected}, as in the architecture with its model_args,"));
        }
    }
}

/// <summary>A value of timm's config.json with its location, read as the expected type.</summary>
/// <param name="Element">The value.</param>
/// <param name="Where">File and key, for messages.</param>
internal readonly record struct TimmValue(JsonElement Element, string Where)
{
    /// <summary>Largest size that is accepted. No network comes close; larger values are invalid, and products of them would overflow.</summary>
    private const int Largest = 1_000_000;

    internal bool IsNull => Element.ValueKind == JsonValueKind.Null;

    internal bool Flag() => Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Expected("true or false"),
    };

    /// <summary>Same as <see cref="Flag"/>, but null for null.</summary>
    internal bool? FlagOrNull() => IsNull ? null : Flag();

    internal string Text() => StrictJson.Text(Element, Where);

    /// <summary>An integer from <paramref name="least"/> to a million.</summary>
    internal int Count(int least) =>
        Element.ValueKind == JsonValueKind.Number && Element.TryGetInt32(out int value) && value >= least && value <= Largest
            ? value
            : throw Expected($"an integer from {least} to {Largest}");

    /// <summary>A finite number.</summary>
    internal double Number() =>
        Element.ValueKind == JsonValueKind.Number && Element.TryGetDouble(out double value) && double.IsFinite(value)
            ? value
            : throw Expected("a finite number");

    /// <summary>A number above 0 and up to <paramref name="most"/>.</summary>
    internal double Positive(double most)
    {
        double value = Number();
        return value > 0 && value <= most ? value : throw Expected(string.Create(CultureInfo.InvariantCulture, $"a number above 0, at most {most}"));
    }

    /// <summary>A dropout rate in [0, 1).</summary>
    internal double Rate() => Number() is double value and >= 0 and < 1 ? value : throw Expected("a rate of at least 0 and below 1");

    /// <summary>One size for both sides, or [rows, columns].</summary>
    internal ImageDimensions Size()
    {
        if (Element.ValueKind == JsonValueKind.Number)
            return Count(1);
        var sides = Items();
        return sides.Length == 2 ? (sides[0].Count(1), sides[1].Count(1)) : throw Expected("one size, or [rows, columns]");
    }

    /// <summary>The members of a list.</summary>
    internal TimmValue[] Items()
    {
        if (Element.ValueKind != JsonValueKind.Array)
            throw Expected("a list");
        string where = Where;
        return [.. Element.EnumerateArray().Select((item, i) => new TimmValue(item, string.Create(CultureInfo.InvariantCulture, $"{where}[{i}]")))];
    }

    /// <summary>The table's value for a string.</summary>
    internal T OneOf<T>(IReadOnlyDictionary<string, T> meanings) =>
        Element.ValueKind == JsonValueKind.String && meanings.TryGetValue(Text(), out var meaning)
            ? meaning
            : throw Expected($"one of {string.Join(", ", meanings.Keys.Select(key => $"\"{key}\""))}");

    /// <summary>Creates the error for an invalid value.</summary>
    internal InvalidCheckpointException Expected(string allowed)
    {
        string shown = Element.ValueKind is JsonValueKind.Array or JsonValueKind.Object ? StrictJson.Kind(Element) : MessageText.Of(Element.GetRawText());
        return new($"{Where} is {shown}; {allowed} is expected. Correct the file or pass the architecture.");
    }
}

/// <summary>Reads the class names in timm's config.json.</summary>
internal static class TimmLabels
{
    /// <summary>
    /// The names in the order of the head's outputs; null if there are none. Names at the top level belong to the head, and there must be one for each class.
    /// Names in <c>pretrained_cfg</c> belong to the original pretrained weights, and are ignored if their number differs.
    /// </summary>
    /// <exception cref="InvalidCheckpointException">
    /// The names are neither a list of strings nor an object from each index to a string, or their number is not the number of classes.
    /// </exception>
    internal static IReadOnlyList<string>? Read(
        IReadOnlyDictionary<string, TimmValue> root, IReadOnlyDictionary<string, TimmValue> settings, int classes, ICollection<string> notes)
    {
        bool atTop = root.TryGetValue("label_names", out var value) || root.TryGetValue("labels", out value);
        if ((!atTop && !settings.TryGetValue("label_names", out value)) || value.IsNull)
            return null;
        string[] names = value.Element.ValueKind == JsonValueKind.Object ? ByIndex(value) : [.. value.Items().Select(item => item.Text())];
        if (names.Length == classes)
            return names.Length == 0 ? null : names;
        string mismatch = string.Create(CultureInfo.InvariantCulture, $"{value.Where} has {names.Length} names for {classes} classes");
        if (atTop)
            throw new InvalidCheckpointException($"{mismatch}; one name per class is expected. Correct num_classes or the names.");
        notes.Add($"{mismatch}: they belong to other weights and are ignored.");
        return null;
    }

    /// <summary>
    /// Reads an object from index to name. timm also writes objects with gaps in the indices, which do not name every output and are rejected.
    /// </summary>
    private static string[] ByIndex(TimmValue value)
    {
        var members = StrictJson.Members(value.Element, value.Where);
        var names = new string[members.Count];
        foreach (var (key, name) in members)
        {
            if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int index) || index >= names.Length || names[index] is not null)
            {
                throw new InvalidCheckpointException(
                    $"{value.Where} has the key {MessageText.Of(key)}; the keys must be the indices from 0 to {names.Length - 1}, each once.");
            }

            names[index] = StrictJson.Text(name, $"{value.Where}: {key}");
        }

        return names;
    }
}
