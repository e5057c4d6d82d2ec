// What is known of the data when a plan is made for it.
namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>What defaults and the network's head depend on.</summary>
/// <param name="Images">Training images, before validation rows are cut off.</param>
/// <param name="ClassNames">The classes of the label, in the order of the key.</param>
/// <param name="Processes">How many processes train together.</param>
internal sealed record TrainingData(int Images, IReadOnlyList<string> ClassNames, int Processes = 1);
