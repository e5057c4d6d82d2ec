// How one publisher names the tensors of a Vision Transformer: a table, and what goes without saying in its files.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
