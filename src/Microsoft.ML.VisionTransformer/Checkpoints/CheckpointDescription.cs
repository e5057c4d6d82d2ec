// What the configuration beside a checkpoint says of it.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>The network that a checkpoint's weights belong to, and how its images and classes are made.</summary>
/// <param name="Architecture">The network of the weights as they are stored.</param>
/// <param name="Preprocessing">How its images are prepared.</param>
/// <param name="ClassNames">Names of the head's outputs; null where the checkpoint does not say.</param>
/// <param name="Notes">What had to be assumed, a sentence each; empty where everything was said.</param>
internal sealed record CheckpointDescription(
    VisionTransformerArchitecture Architecture,
    ImagePreprocessing Preprocessing,
    IReadOnlyList<string>? ClassNames,
    IReadOnlyList<string> Notes);
