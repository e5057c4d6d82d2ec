// A page of the tool as XML, and what holds for all of them.
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Support;

internal static partial class PageMarkup
{
    /// <summary>The page as XML. Void elements are closed first, so an unclosed tag is an error.</summary>
    internal static XDocument Parse(string page) =>
        XDocument.Parse(VoidElement().Replace(page.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal), "<$1$2/>"));

    internal static IEnumerable<XElement> WithClass(this XContainer page, string name) =>
        page.Descendants().Where(element => (element.Attribute("class")?.Value ?? "").Split(' ').Contains(name));

    /// <summary>Asserts that ids are unique and that every link within the page leads to one of them.</summary>
    internal static void AssertLinked(XDocument page)
    {
        string[] ids = [.. page.Descendants().Attributes("id").Select(id => id.Value)];
        CollectionAssert.AllItemsAreUnique(ids);
        foreach (string target in page.Descendants("a").Attributes("href").Select(link => link.Value).Where(link => link.StartsWith('#')))
            CollectionAssert.Contains(ids, target[1..]);
    }

    /// <summary>Asserts that the page has no scripts, and neither loads nor links anything elsewhere on the network.</summary>
    internal static void AssertSelfContained(string page)
    {
        string withoutImages = Image().Replace(page, "");
        Assert.IsEmpty(Elsewhere().Matches(withoutImages).Select(match => match.Value));
        StringAssert.Contains(page, "default-src 'none'");
    }

    [GeneratedRegex("<(meta|br|img)((?: [^<>]*)?)>")]
    private static partial Regex VoidElement();

    [GeneratedRegex("data:image/jpeg;base64,[A-Za-z0-9+/=]+")]
    private static partial Regex Image();

    [GeneratedRegex("(?:https?:)?//[^ \"']+|@import|url\\([^)]*\\)|<link|<script|<iframe|<object", RegexOptions.IgnoreCase)]
    private static partial Regex Elsewhere();
}
