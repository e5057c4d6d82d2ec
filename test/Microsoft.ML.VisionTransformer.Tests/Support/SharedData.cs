// Finds the optional data beside the repository: reference numbers, photos and weights that are not ours to publish.
namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class SharedData
{
    /// <summary>Path of a file or folder under <c>shared</c> beside the repository; the test is inconclusive where it is not there.</summary>
    internal static string Path(params string[] parts)
    {
        string? found = Find(parts);
        if (found is null)
            Assert.Inconclusive($"Skipped: shared/{string.Join('/', parts)} is not there. Put the project's shared folder beside the repository to run this test.");
        return found!;
    }

    private static string? Find(string[] parts)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = System.IO.Path.Combine([folder.FullName, "shared", .. parts]);
            if (File.Exists(candidate) || Directory.Exists(candidate))
                return candidate;
        }

        return null;
    }
}
