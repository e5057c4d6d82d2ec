// Links of the pages lead somewhere, and every page is linked to.
using Microsoft.ML.VisionTransformer.DocsTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.DocsTests;

[TestClass]
public sealed class LinkTests(TestContext context)
{
    private static readonly Dictionary<string, MarkdownPage> _pages = DocumentationPages.All.ToDictionary(p => p, MarkdownPage.Read, StringComparer.Ordinal);

    [TestMethod]
    public void EveryRelativeLinkAndAnchorLeadsSomewhere()
    {
        var broken = new List<string>();
        int files = 0, anchors = 0;
        foreach (var page in _pages.Values)
        {
            foreach (var (line, target) in page.Links.Where(l => !IsOutside(l.Target)))
            {
                var (path, anchor) = Resolve(page, target);
                files++;
                anchors += anchor.Length > 0 ? 1 : 0;
                if (!path.StartsWith(SourceTree.Root, StringComparison.Ordinal) || (!File.Exists(path) && !Directory.Exists(path)))
                    broken.Add($"{DocumentationPages.Name(page.Path)}({line}): {target} is not there");
                else if (anchor.Length > 0 && !(_pages.TryGetValue(path, out var found) && found.Anchors.Contains(anchor)))
                    broken.Add($"{DocumentationPages.Name(page.Path)}({line}): {target} has no such heading");
            }
        }

        context.WriteLine($"{files} relative links checked, {anchors} of them to headings, on {_pages.Count} pages.");
        Assert.IsEmpty(broken, string.Join('\n', broken));
        Assert.IsGreaterThan(100, files, "links found");
    }

    [TestMethod]
    public void EveryPageIsReachedFromTheReadme()
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        var waiting = new Queue<string>([DocumentationPages.All[0]]);
        while (waiting.TryDequeue(out string? path))
        {
            if (!_pages.TryGetValue(path, out var page) || !reached.Add(path))
                continue;
            foreach (var (_, target) in page.Links.Where(l => !IsOutside(l.Target)))
                waiting.Enqueue(Resolve(page, target).Path);
        }

        Assert.IsEmpty(_pages.Keys.Except(reached).Select(DocumentationPages.Name), "pages that no page links to");
    }

    [TestMethod]
    public void LinksToOtherPlacesAreWholeAddresses()
    {
        string[] outside = [.. _pages.Values.SelectMany(p => p.Links).Select(l => l.Target).Where(IsOutside).Distinct().Order(StringComparer.Ordinal)];

        context.WriteLine($"{outside.Length} addresses elsewhere, which no test asks for:\n{string.Join('\n', outside)}");
        Assert.IsEmpty(outside.Where(a => !Uri.TryCreate(a, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttps || !address.Host.Contains('.', StringComparison.Ordinal)));
    }

    private static bool IsOutside(string target) => target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal);

    private static (string Path, string Anchor) Resolve(MarkdownPage page, string target)
    {
        string[] parts = Uri.UnescapeDataString(target).Split('#', 2);
        string path = parts[0].Length == 0 ? page.Path : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page.Path)!, parts[0]));
        return (path, parts.Length > 1 ? parts[1] : "");
    }
}
