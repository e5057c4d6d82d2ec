// Finds the architecture of a timm model name.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Architecture;

/// <summary>
/// Every model name of timm 1.0.29 whose network <see cref="VisionTransformerArchitecture"/> can express; the tables are in the preset classes. Not
/// included are networks with parallel or differential blocks, residual post-norm, RMS norms, no final norm, or rotary positions that are learned or
/// count columns first.
/// </summary>
internal static class ArchitecturePresets
{
    private const string HubPrefix = "timm/";

    private static readonly Dictionary<string, ArchitecturePreset> _presets = new[]
    {
        PlainPresets.All,
        DeitPresets.All,
        PooledPresets.All,
        ClipPresets.All,
        SiglipPresets.All,
        Dinov2Presets.All,
        Dinov3Presets.All,
        EvaPresets.All,
    }.SelectMany(presets => presets).ToDictionary(preset => preset.Architecture.Name, StringComparer.Ordinal);

    /// <summary>All names, sorted, without tags and without timm's deprecated names.</summary>
    internal static IReadOnlyList<string> Names { get; } = Array.AsReadOnly<string>([.. _presets.Keys.Order(StringComparer.Ordinal)]);

    /// <summary>
    /// The architecture of a name, which may have the prefix <c>timm/</c> and a tag after a dot. A known tag sets its class count; any other tag is ignored.
    /// </summary>
    /// <exception cref="ArgumentException">The name is unknown; the message suggests the nearest one.</exception>
    internal static VisionTransformerArchitecture Parse(string name)
    {
        var (bare, tag) = Split(name);
        return Find(bare)?.Tagged(tag) ?? throw new ArgumentException(
            $"\"{name}\" is not a known architecture; the nearest name is \"{NearestName.To(bare, Names)}\". "
            + $"{nameof(VisionTransformerArchitecture)}.{nameof(VisionTransformerArchitecture.Known)} lists all names.",
            nameof(name));
    }

    /// <summary>The preset of a name without prefix and tag, as returned by <see cref="Split"/>; null if there is none.</summary>
    internal static ArchitecturePreset? Find(string bare) => _presets.GetValueOrDefault(bare);

    /// <summary>Whether timm's class of a name is <c>Eva</c>; false for unknown names.</summary>
    internal static bool IsEva(string name) => Find(Split(name).Bare)?.IsEva ?? false;

    /// <summary>Name and tag (empty if there is none), trimmed and without the prefix; deprecated names are replaced by the current ones.</summary>
    internal static (string Bare, string Tag) Split(string name)
    {
        string rest = name.Trim();
        if (rest.StartsWith(HubPrefix, StringComparison.Ordinal))
            rest = rest[HubPrefix.Length..];
        string[] parts = rest.Split('.', 2);
        string[] current = HistoricNames.Current(parts[0]).Split('.', 2);
        return (current[0], parts.ElementAtOrDefault(1) ?? current.ElementAtOrDefault(1) ?? "");
    }
}
