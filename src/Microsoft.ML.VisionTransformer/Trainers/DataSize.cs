// How much there is to train on.
namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>What the defaults depend on.</summary>
/// <param name="Images">Training images.</param>
/// <param name="Classes">Classes of the label.</param>
internal readonly record struct DataSize(int Images, int Classes);
