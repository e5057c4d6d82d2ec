// The XML file that the compiler writes beside an assembly.
using System.Globalization;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;

namespace Microsoft.ML.VisionTransformer.ApiReference;

internal sealed class XmlFile : DocumentationProvider
{
    private readonly string _path;
    private readonly Dictionary<string, string> _members;

    internal XmlFile(string path)
    {
        _path = path;
        _members = XDocument.Load(path, LoadOptions.PreserveWhitespace).Descendants("member").ToDictionary(m => (string)m.Attribute("name")!, m => m.ToString(SaveOptions.DisableFormatting), StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is XmlFile other && other._path == _path;

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(_path);

    /// <inheritdoc/>
    protected override string? GetDocumentationForSymbol(string documentationMemberID, CultureInfo preferredCulture, CancellationToken cancellationToken = default) =>
        _members.GetValueOrDefault(documentationMemberID);
}
