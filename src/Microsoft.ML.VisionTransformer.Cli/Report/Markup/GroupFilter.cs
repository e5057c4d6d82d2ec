// Links that filter a list by group, without scripts.
using System.Globalization;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <param name="Key">The group's id on the page and its class: ASCII letters, digits and dashes only, because it is written into the style sheet.</param>
/// <param name="Label">What the items have in common.</param>
/// <param name="Count">Number of items.</param>
internal sealed record FilterGroup(string Key, string Label, int Count);

/// <summary>
/// Each group has a link to a paragraph that is visible only while it is the target of the page's address. Rules of the style sheet then hide the items of the
/// other groups, which follow the paragraphs. Items have the classes <see cref="ItemClass"/> and the key of their group.
/// </summary>
/// <param name="Id">The id of the section, whose link shows all items.</param>
/// <param name="Groups">The groups, those with the most items first.</param>
/// <param name="Items">Number of items in all.</param>
/// <param name="Noun">The plural noun for the items, such as "mistakes".</param>
internal sealed record GroupFilter(string Id, IReadOnlyList<FilterGroup> Groups, int Items, string Noun)
{
    internal const string ItemClass = "item";

    /// <summary>More links would be too many to choose from; the others are in a collapsed element.</summary>
    internal const int MaxVisibleGroups = 12;

    /// <summary>One group needs no filter.</summary>
    internal bool IsUseful => Groups.Count > 1;

    /// <summary>The rules for the style sheet of the page.</summary>
    internal string Style()
    {
        var style = new StringBuilder();
        foreach (var group in IsUseful ? Groups : [])
        {
            style.Append(CultureInfo.InvariantCulture, $"#{group.Key}:target ~ * .{ItemClass}:not(.{group.Key}) {{ display: none; }}\n");
            style.Append(CultureInfo.InvariantCulture, $"#{group.Key}:target ~ .filter a[href=\"#{group.Key}\"] {{ background: var(--panel); border-color: currentColor; font-weight: 600; }}\n");
        }

        return style.ToString();
    }

    /// <summary>Writes the paragraphs and the links; the items must follow, in siblings of these elements.</summary>
    internal void Write(HtmlBuilder html, string name)
    {
        if (!IsUseful)
            return;
        foreach (var group in Groups)
        {
            html.Add(
                $"<p class=\"chosen\" id=\"{group.Key}\" tabindex=\"-1\">Shown: <strong>{ValueFormat.Count(group.Count)} of {ValueFormat.Count(Items)}</strong> {Noun}, " +
                $"<bdi>{group.Label}</bdi>. <a href=\"#{Id}\">Show all</a></p>");
        }

        html.Add($"<div class=\"filter\" role=\"group\" aria-label=\"{name}\"><ul><li><a href=\"#{Id}\">All {ValueFormat.Count(Items)}</a></li>");
        WriteLinks(html, Groups.Take(MaxVisibleGroups));
        html.Add($"</ul>");
        if (Groups.Count > MaxVisibleGroups)
        {
            html.Add($"<details><summary>{ValueFormat.Count(Groups.Count - MaxVisibleGroups)} more</summary><ul>");
            WriteLinks(html, Groups.Skip(MaxVisibleGroups));
            html.Add($"</ul></details>");
        }

        html.Add($"</div>");
    }

    private static void WriteLinks(HtmlBuilder html, IEnumerable<FilterGroup> groups)
    {
        foreach (var group in groups)
            html.Add($"<li><a href=\"#{group.Key}\"><bdi>{group.Label}</bdi> {ValueFormat.Count(group.Count)}</a></li>");
    }
}
