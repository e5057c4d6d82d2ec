// The layouts that are known, and which of them a file follows.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

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
