// A publisher's tensor naming scheme (layout), the list of known layouts, and detection of a file's layout.
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>A tensor naming scheme, as data.</summary>
internal sealed class CheckpointLayout
{
    private readonly Lazy<Dictionary<string, List<(int Rule, int Part)>>> _index;
    private readonly Lazy<(HashSet<string> Patterns, List<string> Starts)> _ignored;

    public CheckpointLayout() => (_index, _ignored) = (new(Index), new(IgnoredNames));

    /// <summary>The layout's name in messages.</summary>
    internal required string Name { get; init; }

    /// <summary>
    /// The rules. If a tensor has several rules, reading uses the one whose parts are all in the file, and writing uses the first that matches the MLP kind.
    /// </summary>
    internal required IReadOnlyList<NameRule> Rules { get; init; }

    /// <summary>A prefix of the names in <see cref="Rules"/> that files of the bare network omit, such as <c>vit.</c>.</summary>
    internal string OptionalPrefix { get; init; } = "";

    /// <summary>Names of tensors that are not part of the network: patterns, or prefixes that end with <c>*</c>.</summary>
    internal IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>
    /// Name prefix of a part of the network that files with a head may contain although the head does not use it; null if there is none. The part is still
    /// loaded if the network has it.
    /// </summary>
    internal string? UnusedBesideHead { get; init; }

    /// <summary>Tensors that are written as zeros because the layout's own readers require them.</summary>
    internal IReadOnlyList<ZeroTensor> Zeros { get; init; } = [];

    /// <summary>Layer norm epsilon of the networks published in this layout; the files do not contain it.</summary>
    internal double NormEpsilon { get; init; } = 1e-6;

    /// <summary>MLP activation of these networks.</summary>
    internal MlpActivation Activation { get; init; }

    /// <summary>Rotary embedding of these networks' queries and keys.</summary>
    internal RotaryEmbedding? Rotary { get; init; }

    /// <summary>How learned positions are resampled in the code that usually runs these files: the publisher's, or timm for Google's files.</summary>
    internal PositionResampling Resampling { get; init; }

    /// <summary>
    /// The value of <see cref="VisionTransformerArchitecture.PositionsCoverPrefix"/> that a network with prefix tokens must have to be written in this layout;
    /// null if both are allowed.
    /// </summary>
    internal bool? PositionsCoverPrefix { get; init; }

    /// <summary>A name from <see cref="Rules"/> without the optional prefix, as in files of the bare network.</summary>
    internal string BareName(string name) => name.StartsWith(OptionalPrefix, StringComparison.Ordinal) ? name[OptionalPrefix.Length..] : name;

    /// <summary>The rules, and the part of each, that match the pattern of a file's tensor name.</summary>
    internal IReadOnlyList<(int Rule, int Part)> Find(string pattern) => _index.Value.TryGetValue(pattern, out var uses) ? uses : [];

    /// <summary>Whether a file's tensor is known not to be part of the network.</summary>
    internal bool Ignores(string name) =>
        _ignored.Value.Starts.Any(start => name.StartsWith(start, StringComparison.Ordinal))
        || NamePattern.Readings(name).Any(reading => _ignored.Value.Patterns.Contains(reading.Pattern));

    private Dictionary<string, List<(int Rule, int Part)>> Index()
    {
        var index = new Dictionary<string, List<(int, int)>>(StringComparer.Ordinal);
        for (int rule = 0; rule < Rules.Count; rule++)
        {
            for (int part = 0; part < Rules[rule].Parts.Length; part++)
            {
                string name = Rules[rule].Parts[part].Name;
                Add(index, name, (rule, part));
                if (BareName(name) != name)
                    Add(index, BareName(name), (rule, part));
            }
        }

        return index;
    }

    private (HashSet<string> Patterns, List<string> Starts) IgnoredNames()
    {
        var named = Ignored.Concat(Zeros.Select(zero => zero.Name)).ToList();
        var all = named.Concat(named.Select(BareName)).Where(pattern => pattern.Length > 0).ToHashSet(StringComparer.Ordinal);
        return ([.. all.Where(pattern => pattern[^1] != '*')], [.. all.Where(pattern => pattern[^1] == '*').Select(pattern => pattern[..^1])]);
    }

    private static void Add(Dictionary<string, List<(int, int)>> index, string pattern, (int, int) use)
    {
        if (!index.TryGetValue(pattern, out var uses))
            index.Add(pattern, uses = []);
        uses.Add(use);
    }
}

/// <summary>A tensor that a layout's own readers require and the network does not have. Written as zeros, ignored when reading.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="LeadingOnes">Number of axes of size one before the embedding dimension.</param>
internal sealed record ZeroTensor(string Name, int LeadingOnes);

/// <summary>The known layouts, and detection of a file's layout.</summary>
internal static class CheckpointLayouts
{
    private const int NamesInMessages = 6;

    /// <summary>A layout is considered only if the file has at least one of these tensors, which every network has.</summary>
    private static readonly string[] _marks = ["patch_embed.proj.weight", "blocks.{}.attn.qkv.weight", "blocks.{}.attn.proj.weight"];

    /// <summary>All supported layouts. If two match the same file equally well, the simpler one comes first.</summary>
    internal static IReadOnlyList<CheckpointLayout> All { get; } =
    [
        TimmLayouts.Vit, TimmLayouts.Eva,
        MetaDinoLayouts.Dinov2, MetaDinoLayouts.Dinov2WithRegisters, MetaDinoLayouts.Dinov3, MetaDinoLayouts.Dinov3WithBiasMask,
        HuggingFaceVitLayouts.Vit, HuggingFaceVitLayouts.Deit,
        HuggingFaceDinoLayouts.Dinov2, HuggingFaceDinoLayouts.Dinov2WithRegisters, HuggingFaceDinoLayouts.Dinov3,
        HuggingFaceTowerLayouts.Clip, HuggingFaceTowerLayouts.Siglip, OpenClipLayout.Layout, TorchvisionLayout.Layout,
        JaxLayouts.Original, JaxLayouts.BigVision, JaxLayouts.BigVisionScan, JaxLayouts.Siglip, JaxLayouts.SiglipScan,
        LibraryLayout.Layout,
    ];

    /// <summary>
    /// Detects the layout that matches most of the names, and the prefix of these names (<c>module.</c>). No single name decides, so a missing tensor does not
    /// prevent detection.
    /// </summary>
    /// <exception cref="InvalidCheckpointException">No layout matches; the message lists names from the file.</exception>
    internal static (CheckpointLayout Layout, string Wrapper) Detect(CheckpointFile file)
    {
        foreach (string wrapper in WrapperPrefix.Of(file.Tensors.Keys))
        {
            var names = file.Tensors.Keys.Where(name => name.StartsWith(wrapper, StringComparison.Ordinal)).Select(name => name[wrapper.Length..]).ToList();
            var readings = names.SelectMany(NamePattern.Readings).Select(reading => reading.Pattern).ToHashSet(StringComparer.Ordinal);
            var fit = All.Where(layout => HasMark(layout, readings)).MaxBy(layout => names.Count(name => Explains(layout, name)));
            if (fit is not null)
                return (fit, wrapper);
        }

        throw new InvalidCheckpointException(
            $"{file.Path} has no Vision Transformer tensors with known names: it has {Names(file)}. "
            + $"The known naming schemes are {string.Join("; ", All.Select(layout => layout.Name))}. Rename the tensors to timm's names.");
    }

    private static bool HasMark(CheckpointLayout layout, HashSet<string> readings) => layout.Rules
        .Where(rule => _marks.Contains(rule.Canonical))
        .SelectMany(rule => rule.Parts)
        .Any(part => readings.Contains(part.Name) || readings.Contains(layout.BareName(part.Name)));

    private static bool Explains(CheckpointLayout layout, string name) =>
        NamePattern.Readings(name).Any(reading => layout.Find(reading.Pattern).Count > 0) || layout.Ignores(name);

    private static string Names(CheckpointFile file)
    {
        var shown = file.Tensors.Keys.Order(StringComparer.Ordinal).Take(NamesInMessages).Select(MessageText.Of);
        string more = file.Tensors.Count > NamesInMessages ? $" and {file.Tensors.Count - NamesInMessages} more" : "";
        return file.Tensors.Count == 0 ? "no tensors" : string.Join(", ", shown) + more;
    }
}

/// <summary>Prefixes that training tools add to every tensor name.</summary>
internal static class WrapperPrefix
{
    private const int MaxLevels = 3;

    /// <summary>Prefixes of distributed training and compiled modules, and common field names in training code.</summary>
    private static readonly string[] _known = ["module.", "_orig_mod.", "model.", "backbone."];

    /// <summary>The empty prefix, then each known prefix and concatenation of known prefixes that at least one name starts with.</summary>
    internal static IEnumerable<string> Of(IEnumerable<string> names)
    {
        IReadOnlyCollection<string> level = [""];
        for (int depth = 0; depth <= MaxLevels && level.Count > 0; depth++)
        {
            foreach (string prefix in level)
                yield return prefix;
            var longer = level.SelectMany(prefix => _known, (prefix, next) => prefix + next);
            level = [.. longer.Where(prefix => names.Any(name => name.StartsWith(prefix, StringComparison.Ordinal)))];
        }
    }
}
