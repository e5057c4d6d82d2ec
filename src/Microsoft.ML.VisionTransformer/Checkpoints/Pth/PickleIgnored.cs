// An object in a pickle of which nothing is kept.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal sealed class PickleIgnored;
