// What the XML documentation says of a symbol.
using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace Microsoft.ML.VisionTransformer.ApiReference;

internal sealed class Documentation
{
    private readonly XElement _root;

    private Documentation(XElement root) => _root = root;

    internal XElement? Summary => Filled("summary");

    internal XElement? Returns => Filled("returns");

    internal XElement? Remarks => Filled("remarks");

    internal XElement? Example => Filled("example");

    /// <summary>The documentation ids of the other types or members that a reader is sent to.</summary>
    internal IEnumerable<string> SeeAlso => _root.Elements("seealso").Select(e => (string?)e.Attribute("cref")).OfType<string>();

    internal IEnumerable<(string Cref, XElement Text)> Exceptions => _root.Elements("exception").Select(e => ((string)e.Attribute("cref")!, e));

    internal XElement? Parameter(string name) => Named("param", name);

    internal XElement? TypeParameter(string name) => Named("typeparam", name);

    /// <param name="symbol">The symbol.</param>
    /// <param name="find">Finds a symbol by its documentation id.</param>
    internal static Documentation Of(ISymbol symbol, Func<string, ISymbol?> find)
    {
        var root = Parse(symbol);
        if (root.Element("inheritdoc") is not { } inherit)
            return new(root);
        var origin = inherit.Attribute("cref") is { } cref ? find(cref.Value) : Origin(symbol);
        if (origin is not null)
            root.Add(Of(origin, find)._root.Elements().ExceptBy(root.Elements().Select(Subject), Subject).ToArray());
        return new(root);
    }

    /// <summary>What an element is about: an own one takes the place of an inherited one.</summary>
    private static (XName, string?) Subject(XElement element) => (element.Name, (string?)element.Attribute("name") ?? (string?)element.Attribute("cref"));

    /// <summary>What a member overrides or implements, where this library documents it.</summary>
    private static ISymbol? Origin(ISymbol symbol) =>
        (symbol as IMethodSymbol)?.OverriddenMethod ?? (ISymbol?)(symbol as IPropertySymbol)?.OverriddenProperty
        ?? symbol.ContainingType?.AllInterfaces.SelectMany(i => i.GetMembers())
            .FirstOrDefault(m => SymbolEqualityComparer.Default.Equals(symbol.ContainingType.FindImplementationForInterfaceMember(m), symbol));

    private static XElement Parse(ISymbol symbol)
    {
        var read = XElement.Parse($"<doc>{symbol.GetDocumentationCommentXml()}</doc>", LoadOptions.PreserveWhitespace);
        return read.Element("member") ?? read;
    }

    private XElement? Filled(string name) => _root.Element(name) is { IsEmpty: false } found && (found.HasElements || !string.IsNullOrWhiteSpace(found.Value)) ? found : null;

    private XElement? Named(string element, string name) =>
        _root.Elements(element).FirstOrDefault(e => (string?)e.Attribute("name") == name && (e.HasElements || !string.IsNullOrWhiteSpace(e.Value)));
}
