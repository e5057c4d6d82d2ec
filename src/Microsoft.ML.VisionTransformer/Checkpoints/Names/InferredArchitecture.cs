// An architecture worked out from a checkpoint's shapes.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>The network that a file without a configuration is taken for.</summary>
/// <param name="Architecture">The network.</param>
/// <param name="Notes">What the file does not say and was assumed, a sentence each.</param>
internal sealed record InferredArchitecture(VisionTransformerArchitecture Architecture, IReadOnlyList<string> Notes);
