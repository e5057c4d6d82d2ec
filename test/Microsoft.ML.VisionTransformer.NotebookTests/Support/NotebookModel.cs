// A pretrained model with which every cell of a notebook runs in seconds.
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.NotebookTests.Support;

internal static class NotebookModel
{
    /// <summary>The folder of a very small network with random weights.</summary>
    internal static string Small { get; } = Path.Combine(SourceTree.Root, "test", "Data", "golden", "checkpoints", "timm");
}
