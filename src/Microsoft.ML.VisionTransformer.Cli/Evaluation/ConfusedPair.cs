// Rows of one class that were taken for another.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <param name="True">Index of the class that they are.</param>
/// <param name="Predicted">Index of the class that they were taken for.</param>
/// <param name="Count">How many.</param>
internal readonly record struct ConfusedPair(int True, int Predicted, int Count);
