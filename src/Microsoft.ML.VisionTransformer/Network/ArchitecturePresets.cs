// timm's names of plain Vision Transformers and the sizes they stand for.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Network;

internal static class ArchitecturePresets
{
    internal static IReadOnlyList<string> Names => ["vit_tiny_patch16_224"];

    internal static VisionTransformerArchitecture Parse(string name) => name == "vit_tiny_patch16_224"
        ? new VisionTransformerArchitecture { Name = name, EmbeddingDimension = 192, Heads = 3 }
        : throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{name}"), nameof(name));
}
