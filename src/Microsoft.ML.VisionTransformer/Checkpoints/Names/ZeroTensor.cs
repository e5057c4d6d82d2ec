// A tensor that a layout's readers ask for and the network does not have.
namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>Written as zeros, ignored when read.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="LeadingOnes">Axes of size one before the embedding dimension.</param>
internal sealed record ZeroTensor(string Name, int LeadingOnes);
