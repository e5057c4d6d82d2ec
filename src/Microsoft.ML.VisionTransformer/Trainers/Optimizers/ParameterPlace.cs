// Where a parameter lies in the flat buffers.
namespace Microsoft.ML.VisionTransformer.Trainers;

/// <param name="Name">Its name in the network.</param>
/// <param name="Start">Its first number.</param>
/// <param name="Length">How many it has.</param>
internal readonly record struct ParameterPlace(string Name, long Start, long Length);
