// The pretrained model that tests run the notebooks with.
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.NotebookTests.Support;

/// <summary>The model that the saved outputs come from, where the optional test data is; otherwise a very small one with random weights.</summary>
internal static class NotebookModel
{
    internal static bool IsTheSavedOne => OptionalData.IsThere;

    internal static string Folder => IsTheSavedOne ? OptionalData.PretrainedModel : Small;

    internal static string Small { get; } = Path.Combine(SourceTree.Root, "test", "Data", "golden", "checkpoints", "timm");
}
