// timm's names of plain Vision Transformers and the sizes they stand for.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>Sizes are those of arXiv:2010.11929, table 1; tiny and small of arXiv:2012.12877, table 1.</summary>
internal static class ArchitecturePresets
{
    private const string HubPrefix = "timm/";

    private static readonly IReadOnlyDictionary<string, VisionTransformerArchitecture> _presets = new[]
    {
        // name, patch, image, dimension, depth, heads
        Preset("tiny", 16, 224, 192, 12, 3),
        Preset("tiny", 16, 384, 192, 12, 3),
        Preset("small", 32, 224, 384, 12, 6),
        Preset("small", 32, 384, 384, 12, 6),
        Preset("small", 16, 224, 384, 12, 6),
        Preset("small", 16, 384, 384, 12, 6),
        Preset("small", 8, 224, 384, 12, 6),
        Preset("base", 32, 224, 768, 12, 12),
        Preset("base", 32, 384, 768, 12, 12),
        Preset("base", 16, 224, 768, 12, 12),
        Preset("base", 16, 384, 768, 12, 12),
        Preset("base", 8, 224, 768, 12, 12),
        Preset("large", 32, 224, 1024, 24, 16),
        Preset("large", 32, 384, 1024, 24, 16),
        Preset("large", 16, 224, 1024, 24, 16),
        Preset("large", 16, 384, 1024, 24, 16),
        Preset("large", 14, 224, 1024, 24, 16),
        Preset("huge", 14, 224, 1280, 32, 16),
    }.ToDictionary(preset => preset.Name, StringComparer.Ordinal);

    /// <summary>All names, sorted.</summary>
    internal static IReadOnlyList<string> Names { get; } = Array.AsReadOnly<string>([.. _presets.Keys.Order(StringComparer.Ordinal)]);

    /// <summary>The preset of a name, which may have the prefix <c>timm/</c> and a tag behind a dot.</summary>
    /// <exception cref="ArgumentException">The name is not known; the message suggests the nearest.</exception>
    internal static VisionTransformerArchitecture Parse(string name)
    {
        string bare = name.Trim();
        if (bare.StartsWith(HubPrefix, StringComparison.Ordinal))
            bare = bare[HubPrefix.Length..];
        bare = bare.Split('.', 2)[0];
        return _presets.TryGetValue(bare, out var preset)
            ? preset
            : throw new ArgumentException(
                $"\"{name}\" is no known architecture; the nearest name is \"{NearestName.To(bare, Names)}\". "
                + $"{nameof(VisionTransformerArchitecture)}.{nameof(VisionTransformerArchitecture.Known)} lists all names.",
                nameof(name));
    }

    private static VisionTransformerArchitecture Preset(string size, int patch, int image, int dimension, int depth, int heads) => new()
    {
        Name = string.Create(CultureInfo.InvariantCulture, $"vit_{size}_patch{patch}_{image}"),
        PatchSize = patch,
        ImageSize = image,
        EmbeddingDimension = dimension,
        Depth = depth,
        Heads = heads,
    };
}
