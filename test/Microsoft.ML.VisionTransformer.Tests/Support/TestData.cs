// Paths of the committed test data in test/Data.
namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class TestData
{
    /// <summary>The folder of all test data; each folder in it has a README with source, versions and license.</summary>
    internal static string Root { get; } = System.IO.Path.Combine(SourceTree.Root, "test", "Data");

    /// <summary>60 photos in five folders, one per class (CC BY 2.0).</summary>
    internal static string Flowers { get; } = Path("flowers");

    /// <summary>200 photos of hands that show a digit: <c>train/0</c> to <c>train/9</c>, <c>test/0</c> to <c>test/9</c> (Apache License 2.0).</summary>
    internal static string SignDigits { get; } = Path("sign-digits");

    /// <summary>A file or folder below <see cref="Root"/>.</summary>
    /// <exception cref="FileNotFoundException">It does not exist: the clone is incomplete.</exception>
    internal static string Path(params string[] parts)
    {
        string path = System.IO.Path.Combine([Root, .. parts]);
        return File.Exists(path) || Directory.Exists(path) ? path : throw new FileNotFoundException($"The test data lacks {path}.", path);
    }
}
