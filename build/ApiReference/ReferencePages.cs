// All pages of the reference: an index and one page a type, with links between them.
using System.Text;
using Microsoft.CodeAnalysis;

namespace Microsoft.ML.VisionTransformer.ApiReference;

internal static class ReferencePages
{
    private const string Index = "README.md";

    /// <summary>The text of each page, by file name.</summary>
    internal static IReadOnlyDictionary<string, string> Of(PublicSurface surface)
    {
        var targets = Targets(surface);
        var pages = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var type in surface.Types)
            pages[PageOf(type)] = new TypePage(surface, type, new MarkdownText(id => Link(targets, id, PageOf(type)))).Text();
        pages[Index] = IndexPage(surface, new MarkdownText(id => Link(targets, id, Index)));
        return pages;
    }

    private static string PageOf(INamedTypeSymbol type) => PublicSurface.NameOf(type) + ".md";

    /// <summary>Where each documentation id is explained: the page, the anchor on it, and the name to show.</summary>
    private static Dictionary<string, (string Page, string Anchor, string Name)> Targets(PublicSurface surface)
    {
        var targets = new Dictionary<string, (string, string, string)>(StringComparer.Ordinal);
        foreach (var type in surface.Types)
        {
            string name = PublicSurface.NameOf(type);
            targets[type.GetDocumentationCommentId()!] = (PageOf(type), "", name);
            foreach (var (member, anchor) in TypePage.Anchors(type))
                targets[member.GetDocumentationCommentId()!] = (PageOf(type), anchor, member is IMethodSymbol { MethodKind: MethodKind.Constructor } ? name : member.Name);
        }

        return targets;
    }

    private static string Link(Dictionary<string, (string Page, string Anchor, string Name)> targets, string id, string from)
    {
        if (!targets.TryGetValue(id, out var target))
            return $"`{OutsideName(id)}`";
        string member = target.Anchor.Length == 0 || target.Page == from ? target.Name : $"{Path.GetFileNameWithoutExtension(target.Page)}.{target.Name}";
        string page = target.Page == from && target.Anchor.Length > 0 ? "" : target.Page;
        return $"[`{member}`]({page}{(target.Anchor.Length > 0 ? "#" + target.Anchor : "")})";
    }

    /// <summary>"M:Microsoft.ML.Data.X.Do(System.Int32)" is "X.Do", "T:System.ArgumentException" is "ArgumentException".</summary>
    private static string OutsideName(string id)
    {
        string[] parts = id[2..].Split('(')[0].Split('`')[0].Split('.');
        return string.Join('.', parts.TakeLast(id[0] == 'T' ? 1 : 2));
    }

    private static string IndexPage(PublicSurface surface, MarkdownText markdown)
    {
        var text = new StringBuilder("""
            # API reference

            This reference lists every public type of `Microsoft.ML.VisionTransformer`. Each page has an
            example that you can run, or names the page that has one. If you are new to the library, start
            with the [guide](../guide.md).

            The examples expect a folder `flowers` with one folder of photos per class, such as
            `test/Data/flowers` in this repository. `build/ApiReference` generates the pages from the XML
            documentation, and tests keep them up to date and run the examples.


            """);
        Table(text, "Extension methods and static classes", surface, markdown, t => t.IsStatic);
        Table(text, "Classes and records", surface, markdown, t => !t.IsStatic && t.TypeKind != TypeKind.Enum);
        Table(text, "Enumerations", surface, markdown, t => t.TypeKind == TypeKind.Enum);
        return text.ToString().TrimEnd() + "\n";
    }

    private static void Table(StringBuilder text, string title, PublicSurface surface, MarkdownText markdown, Func<INamedTypeSymbol, bool> belongs)
    {
        text.Append($"## {title}\n\n| Type | Description |\n| --- | --- |\n");
        foreach (var type in surface.Types.Where(belongs))
            text.Append($"| [{PublicSurface.NameOf(type)}]({PageOf(type)}) | {(surface.Document(type).Summary is { } summary ? markdown.FirstSentence(summary) : "")} |\n");
        text.Append('\n');
    }
}
