// How many images of each class a part of the data has.
namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <param name="Name">What the part is for: "training", "validation", "test".</param>
/// <param name="Counts">Images of each class, in the order of the class names.</param>
internal sealed record ReportSplit(string Name, IReadOnlyList<int> Counts);
