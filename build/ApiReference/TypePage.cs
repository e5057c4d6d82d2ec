// The page of one type.
using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis;

namespace Microsoft.ML.VisionTransformer.ApiReference;

internal sealed class TypePage(PublicSurface surface, INamedTypeSymbol type, MarkdownText markdown)
{
    private static readonly (string Title, Func<ISymbol, bool> Belongs)[] _groups =
    [
        ("Constructors", m => m is IMethodSymbol { MethodKind: MethodKind.Constructor }),
        ("Fields", m => m is IFieldSymbol),
        ("Properties", m => m is IPropertySymbol),
        ("Methods", m => m is IMethodSymbol { MethodKind: MethodKind.Ordinary }),
        ("Operators", m => m is IMethodSymbol { MethodKind: MethodKind.UserDefinedOperator or MethodKind.Conversion }),
    ];

    private const string ExampleTitle = "Example";

    private readonly StringBuilder _text = new();

    /// <summary>Each member with its anchor on the page. Values of an enumeration have none: they are lines of a table.</summary>
    internal static IEnumerable<(ISymbol Member, string Anchor)> Anchors(INamedTypeSymbol type)
    {
        var anchors = new HeadingAnchors();
        anchors.Next(Title(type));
        anchors.Next(ExampleTitle);
        if (type.TypeKind == TypeKind.Enum)
            return [.. PublicSurface.Members(type).Select(m => (m, "values"))];
        var found = new List<(ISymbol, string)>();
        foreach (var (title, members) in Groups(type))
        {
            anchors.Next(title);
            found.AddRange(members.Select(m => (m, anchors.Next(Signatures.Heading(m)))));
        }

        return found;
    }

    internal string Text()
    {
        var documentation = surface.Document(type);
        _text.Append($"# {Title(type)}\n\nNamespace `{type.ContainingNamespace}`. [All types](README.md)\n\n");
        Add(documentation.Summary);
        _text.Append($"```cs\n{Signatures.Declaration(type)}\n```\n\n");
        Exceptions(documentation);
        Example(documentation);
        if (type.TypeKind == TypeKind.Enum)
            Values();
        else
            Sections();
        if (documentation.Remarks is { } remarks)
            _text.Append("## Remarks\n\n").Append(markdown.Blocks(remarks)).Append("\n\n");
        return _text.ToString().TrimEnd() + "\n";
    }

    private static string Title(INamedTypeSymbol type)
    {
        string kind = type.TypeKind switch { TypeKind.Enum => "enum", TypeKind.Struct => "struct", _ => type.IsRecord ? "record" : "class" };
        return $"{PublicSurface.NameOf(type)} {kind}";
    }

    private static IEnumerable<(string Title, ISymbol[] Members)> Groups(INamedTypeSymbol type) =>
        _groups.Select(g => (g.Title, PublicSurface.Members(type).Where(g.Belongs).ToArray())).Where(g => g.Item2.Length > 0);

    private void Values()
    {
        _text.Append("## Values\n\n| Value | Number | Description |\n| --- | --- | --- |\n");
        foreach (var value in PublicSurface.Members(type).OfType<IFieldSymbol>())
        {
            string what = surface.Document(value).Summary is { } summary ? markdown.Line(summary) : "";
            _text.Append(CultureInfo.InvariantCulture, $"| `{value.Name}` | {value.ConstantValue} | {what} |\n");
        }

        _text.Append('\n');
    }

    private void Sections()
    {
        foreach (var (title, members) in Groups(type))
        {
            _text.Append($"## {title}\n\n");
            foreach (var member in members)
                Member(member);
        }
    }

    private void Member(ISymbol member)
    {
        var documentation = surface.Document(member);
        _text.Append($"### `{Signatures.Heading(member)}`\n\n");
        Add(documentation.Summary);
        _text.Append($"```cs\n{Signatures.Declaration(member)}\n```\n\n");
        Parameters(member, documentation);
        if (documentation.Returns is { } returns)
            _text.Append($"Returns: {markdown.Line(returns)}\n\n");
        Exceptions(documentation);
        Add(documentation.Remarks);
        // The constructor of a record repeats the example of its type.
        if (documentation.Example is { } example && member is not IMethodSymbol { MethodKind: MethodKind.Constructor })
            _text.Append("Example:\n\n").Append(markdown.Blocks(example)).Append("\n\n");
    }

    /// <summary>The type's own example, or the pages of the types whose example shows it.</summary>
    private void Example(Documentation documentation)
    {
        string[] elsewhere = [.. documentation.SeeAlso.Select(markdown.Reference)];
        if (documentation.Example is not null || elsewhere.Length > 0)
            _text.Append($"## {ExampleTitle}\n\n");
        Add(documentation.Example);
        if (elsewhere.Length > 0)
            _text.Append($"See {(documentation.Example is null ? "the example of" : "also")} {string.Join(" and ", elsewhere)}.\n\n");
    }

    private void Parameters(ISymbol member, Documentation documentation)
    {
        var parameters = member is IMethodSymbol method ? method.Parameters : member is IPropertySymbol property ? property.Parameters : [];
        foreach (var parameter in parameters)
            _text.Append($"- `{parameter.Name}`: {(documentation.Parameter(parameter.Name) is { } text ? markdown.Line(text) : "")}\n");
        if (parameters.Length > 0)
            _text.Append('\n');
    }

    private void Exceptions(Documentation documentation)
    {
        var exceptions = documentation.Exceptions.ToArray();
        if (exceptions.Length == 0)
            return;
        _text.Append("| Throws | When |\n| --- | --- |\n");
        foreach (var (cref, text) in exceptions)
            _text.Append($"| {markdown.Reference(cref)} | {markdown.Line(text)} |\n");
        _text.Append('\n');
    }

    private void Add(System.Xml.Linq.XElement? element)
    {
        if (element is not null)
            _text.Append(markdown.Blocks(element)).Append("\n\n");
    }
}
