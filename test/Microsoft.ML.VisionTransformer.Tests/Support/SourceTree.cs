// Finds the repository that the tests were built from.
namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class SourceTree
{
    internal static string Root { get; } = Find();

    internal static string Library { get; } = Path.Combine(Root, "src", "Microsoft.ML.VisionTransformer");

    /// <summary>The folder of this test project.</summary>
    internal static string Tests { get; } = Path.Combine(Root, "test", "Microsoft.ML.VisionTransformer.Tests");

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Microsoft.ML.VisionTransformer.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("The tests run outside the repository.");
    }
}
