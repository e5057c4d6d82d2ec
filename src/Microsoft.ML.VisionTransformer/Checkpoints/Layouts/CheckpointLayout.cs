// How one publisher names the tensors of a Vision Transformer, and which of the known layouts a file follows.
using Microsoft.ML.VisionTransformer.Checkpoints.Formats;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Layouts;

/// <summary>A layout of tensor names, as data.</summary>
internal sealed class CheckpointLayout
{
    private readonly Lazy<Dictionary<string, List<(int Rule, int Part)>>> _index;
    private readonly Lazy<(HashSet<string> Patterns, List<string> Starts)> _ignored;

    public CheckpointLayout() => (_index, _ignored) = (new(Index), new(IgnoredNames));

    /// <summary>What messages call it.</summary>
    internal required string Name { get; init; }

    /// <summary>The table. Of several rows for one tensor a file follows the one it has all parts of; writing takes the first that fits the MLP.</summary>
    internal required IReadOnlyList<NameRule> Rules { get; init; }

    /// <summary>Start of names that files of the bare network leave out: <c>vit.</c>. Names in the table have it.</summary>
    internal string OptionalPrefix { get; init; } = "";

    /// <summary>Names that have no part in the network: patterns, or beginnings where the last character is <c>*</c>.</summary>
    internal IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>
    /// Start of the network's names of a part that files with a head may have and the head does not see; null where there is none. A network that has the part
    /// reads it all the same.
    /// </summary>
    internal string? UnusedBesideHead { get; init; }

    /// <summary>Tensors that are written as zeros, because the layout's own readers expect them.</summary>
    internal IReadOnlyList<ZeroTensor> Zeros { get; init; } = [];

    /// <summary>Epsilon of the layer norms of the networks published so; their files do not say it.</summary>
    internal double NormEpsilon { get; init; } = 1e-6;

    /// <summary>Activation of their MLPs.</summary>
    internal MlpActivation Activation { get; init; }

    /// <summary>Rotary embedding of their queries and keys.</summary>
    internal RotaryEmbedding? Rotary { get; init; }

    /// <summary>How learned positions go to another patch grid in the code that usually runs these files: their publisher's, timm for Google's.</summary>
    internal PositionResampling Resampling { get; init; }

    /// <summary>
    /// What <see cref="VisionTransformerArchitecture.PositionsCoverPrefix"/> must be for a network with a class token to be written so; null where any will do.
    /// </summary>
    internal bool? PositionsCoverPrefix { get; init; }

    /// <summary>A name of the table as files of the bare network have it.</summary>
    internal string BareName(string name) => name.StartsWith(OptionalPrefix, StringComparison.Ordinal) ? name[OptionalPrefix.Length..] : name;

    /// <summary>The rows, and the part of each, that a file's tensor of that pattern belongs to.</summary>
    internal IReadOnlyList<(int Rule, int Part)> Find(string pattern) => _index.Value.TryGetValue(pattern, out var uses) ? uses : [];

    /// <summary>Whether a file's tensor is known to have no part in the network.</summary>
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

/// <summary>A tensor that a layout's readers ask for and the network does not have. Written as zeros, ignored when read.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="LeadingOnes">Axes of size one before the embedding dimension.</param>
internal sealed record ZeroTensor(string Name, int LeadingOnes);

/// <summary>The layouts that are known, and which of them a file follows.</summary>
internal static class CheckpointLayouts
{
    private const int NamesInMessages = 6;

    /// <summary>Tensors one of which a file must have to be told: the patch projection and what every block has.</summary>
    private static readonly string[] _marks = ["patch_embed.proj.weight", "blocks.{}.attn.qkv.weight", "blocks.{}.attn.proj.weight"];

    /// <summary>Every layout that is read, the plainer one first where two can explain the same file.</summary>
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
    /// The layout that explains most of the names, and what stands before every name that it explains (<c>module.</c>): no single name decides, so that a file
    /// with a tensor missing is still told.
    /// </summary>
    /// <exception cref="InvalidCheckpointException">No layout fits; the message says what names were found.</exception>
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
            $"{file.Path} has no tensors of a Vision Transformer under names that are known: it has {Names(file)}. "
            + $"Known are the names of {string.Join("; ", All.Select(layout => layout.Name))}. Rename the tensors to timm's names.");
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

/// <summary>What training tools put before every name of a network.</summary>
internal static class WrapperPrefix
{
    private const int MaxLevels = 3;

    /// <summary>Distributed training, compiled modules, and the fields that hold a network in common training code.</summary>
    private static readonly string[] _known = ["module.", "_orig_mod.", "model.", "backbone."];

    /// <summary>The empty prefix, then each known one, and known ones behind one another, that some name begins with.</summary>
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
