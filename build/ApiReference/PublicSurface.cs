// The library's public types and members with their documentation, read from the compiled assembly and the XML file beside it.
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Microsoft.ML.VisionTransformer.ApiReference;

internal sealed class PublicSurface
{
    private readonly CSharpCompilation _compilation;

    private PublicSurface(CSharpCompilation compilation, IAssemblySymbol library)
    {
        _compilation = compilation;
        Types = [.. AllTypes(library.GlobalNamespace).OrderBy(NameOf, StringComparer.Ordinal)];
    }

    /// <summary>Visible types, nested ones too, by name.</summary>
    internal IReadOnlyList<INamedTypeSymbol> Types { get; }

    /// <summary>Reads an assembly that this process has loaded, beside its references.</summary>
    internal static PublicSurface Of(Assembly library)
    {
        string[] paths = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        var itself = MetadataReference.CreateFromFile(library.Location, documentation: new XmlFile(Path.ChangeExtension(library.Location, ".xml")));
        var others = paths.Where(p => Path.GetFileName(p) != Path.GetFileName(library.Location)).Select(p => MetadataReference.CreateFromFile(p));
        var compilation = CSharpCompilation.Create(
            "surface", references: [itself, .. others], options: new(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        return new(compilation, (IAssemblySymbol)compilation.GetAssemblyOrModuleSymbol(itself)!);
    }

    /// <summary>"VisionTransformerTrainer.Options".</summary>
    internal static string NameOf(INamedTypeSymbol type) => type.ContainingType is { } outer ? $"{NameOf(outer)}.{type.Name}" : type.Name;

    /// <summary>The members that someone wrote, in the order of the source. What the compiler adds to a record is left out.</summary>
    internal static IEnumerable<ISymbol> Members(INamedTypeSymbol type) =>
        type.GetMembers().Where(m => m is not INamedTypeSymbol && IsVisible(m) && IsWritten(m));

    /// <summary>A symbol's documentation with what it inherits.</summary>
    internal Documentation Document(ISymbol symbol) => Documentation.Of(symbol, id => DocumentationCommentId.GetFirstSymbolForDeclarationId(id, _compilation));

    private static IEnumerable<INamedTypeSymbol> AllTypes(INamespaceOrTypeSymbol container) => container.GetMembers().SelectMany(member => member switch
    {
        INamespaceSymbol inner => AllTypes(inner),
        INamedTypeSymbol type when IsVisible(type) => AllTypes(type).Prepend(type),
        _ => [],
    });

    private static bool IsVisible(ISymbol symbol) => symbol.DeclaredAccessibility switch
    {
        Accessibility.Public => true,
        Accessibility.Protected or Accessibility.ProtectedOrInternal => symbol.ContainingType is { IsSealed: false },
        _ => false,
    };

    private static bool IsWritten(ISymbol member) => member switch
    {
        _ when member.IsImplicitlyDeclared || member.GetAttributes().Any(a => a.AttributeClass?.Name == "CompilerGeneratedAttribute") => false,
        IMethodSymbol { MethodKind: MethodKind.Constructor, Parameters.Length: 0 } => !string.IsNullOrEmpty(member.GetDocumentationCommentXml()),
        IMethodSymbol method => method.MethodKind is MethodKind.Constructor or MethodKind.Ordinary or MethodKind.UserDefinedOperator or MethodKind.Conversion,
        IPropertySymbol or IFieldSymbol or IEventSymbol => true,
        _ => false,
    };
}
