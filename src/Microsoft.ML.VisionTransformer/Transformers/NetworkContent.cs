// What a model file holds of a network.
using Microsoft.ML.VisionTransformer.Network;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>A network on its way into a file: its shape, how its images are made, and its weights by name.</summary>
internal sealed record NetworkContent(
    VisionTransformerArchitecture Architecture,
    ImagePreprocessing Preprocessing,
    IReadOnlyDictionary<string, NamedWeight> Weights);
