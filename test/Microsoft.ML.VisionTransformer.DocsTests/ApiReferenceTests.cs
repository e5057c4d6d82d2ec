// The API reference says what the library is now.
using Microsoft.ML.VisionTransformer.ApiReference;
using Microsoft.ML.VisionTransformer.DocsTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.DocsTests;

[TestClass]
public sealed class ApiReferenceTests
{
    [TestMethod]
    public void ThePagesAreThoseOfTheLibrary()
    {
        string folder = Path.Combine(SourceTree.Root, "docs", "api");
        var expected = ReferencePages.Of(Library.Surface);
        var found = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "*.md").ToDictionary(f => Path.GetFileName(f)!, f => File.ReadAllText(f).ReplaceLineEndings("\n"), StringComparer.Ordinal)
            : [];

        var stale = expected.Where(p => found.GetValueOrDefault(p.Key) != p.Value).Select(p => p.Key).Concat(found.Keys.Except(expected.Keys));

        Assert.IsEmpty(stale, "docs/api is out of date; write it anew: dotnet run --project build/ApiReference -c Release");
    }
}
