// The references between the library's types, read from the source with the compiler's own binding.
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

/// <summary>
/// One type of the library, by the file that declares it. A nested type counts as its enclosing type unless it has its own file.
/// </summary>
/// <param name="Name">Without the namespace.</param>
/// <param name="Namespace">The namespace it is declared in.</param>
/// <param name="File">Relative to the library's folder, with slashes.</param>
/// <param name="IsPublic">Whether it is public.</param>
internal sealed record SourceType(string Name, string Namespace, string File, bool IsPublic)
{
    /// <summary>Folder, such as "Checkpoints/Pth"; empty for the root folder.</summary>
    internal string Folder => FolderOf(File);

    internal static string FolderOf(string file) => file.LastIndexOf('/') is int end and >= 0 ? file[..end] : "";
}

/// <summary><paramref name="FromType"/> names <paramref name="ToType"/>, or uses a member of it, at least once.</summary>
internal sealed record TypeReference(string FromType, string FromFile, string ToType, string ToFile)
{
    internal string FromFolder => SourceType.FolderOf(FromFile);

    internal string ToFolder => SourceType.FolderOf(ToFile);
}

/// <summary><paramref name="FromType"/> names a type of another assembly, uses a member of it, or has a value of that type.</summary>
internal sealed record OutsideReference(string FromType, string FromFile, string ToType)
{
    internal string FromFolder => SourceType.FolderOf(FromFile);
}

internal sealed class TypeReferences
{
    /// <summary>The library, bound once for all tests.</summary>
    internal static Lazy<TypeReferences> Library { get; } = new(() => Read(SourceTree.Library, LibraryAssemblies.References()));

    private static readonly CSharpParseOptions _language = new(LanguageVersion.Latest, DocumentationMode.None);

    private readonly Dictionary<INamedTypeSymbol, SourceType> _types = new(SymbolEqualityComparer.Default);

    private readonly HashSet<TypeReference> _references = [];

    private readonly HashSet<OutsideReference> _toTorchSharp = [];

    private TypeReferences()
    {
    }

    /// <summary>All types that are not nested.</summary>
    internal IReadOnlyCollection<SourceType> Types => _types.Values;

    /// <summary>All references between two different types, once per file.</summary>
    internal IReadOnlyCollection<TypeReference> References => _references;

    /// <summary>All references to types of TorchSharp, once per file.</summary>
    internal IReadOnlyCollection<OutsideReference> ToTorchSharp => _toTorchSharp;

    /// <summary>Binds all files of a folder.</summary>
    /// <param name="folder">The folder of the project.</param>
    /// <param name="assemblies">The reference assemblies of the project.</param>
    /// <exception cref="InvalidOperationException">The compiler cannot bind the name of one of the types, and references would be missed.</exception>
    internal static TypeReferences Read(string folder, IEnumerable<MetadataReference> assemblies)
    {
        SyntaxTree[] trees = [.. SourceFiles(folder).AsParallel().AsOrdered().Select(p => CSharpSyntaxTree.ParseText(File.ReadAllText(p), _language, Relative(folder, p)))];
        var compilation = CSharpCompilation.Create(
            "library",
            trees.Append(CSharpSyntaxTree.ParseText(ImplicitUsings.Code, _language)),
            assemblies,
            new(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));

        var result = new TypeReferences();
        (SyntaxTree Tree, SemanticModel Model)[] models = [.. trees.Select(t => (t, compilation.GetSemanticModel(t)))];
        foreach (var (tree, model) in models)
            result.AddTypes(tree, model);
        foreach (var (inside, outside) in models.AsParallel().Select(m => (result.In(m.Tree, m.Model), ToTorchSharpIn(m.Tree, m.Model))))
        {
            result._references.UnionWith(inside);
            result._toTorchSharp.UnionWith(outside);
        }

        return result;
    }

    /// <summary>The files of a project, except for generated ones.</summary>
    internal static IEnumerable<string> SourceFiles(string folder) =>
        Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(path => Relative(folder, path).Split('/')[0] is not ("bin" or "obj"))
            .Order(StringComparer.Ordinal);

    internal static string Relative(string folder, string path) => Path.GetRelativePath(folder, path).Replace('\\', '/');

    private static IEnumerable<MemberDeclarationSyntax> OuterTypes(SyntaxTree tree) =>
        tree.GetRoot().DescendantNodes(n => n is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax)
            .OfType<MemberDeclarationSyntax>()
            .Where(m => m is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax);

    /// <summary>A type in several files belongs to the file with its name.</summary>
    private void AddTypes(SyntaxTree tree, SemanticModel model)
    {
        foreach (var declaration in OuterTypes(tree))
        {
            var type = (INamedTypeSymbol)model.GetDeclaredSymbol(declaration)!;
            if (Path.GetFileNameWithoutExtension(tree.FilePath) is var file && file.StartsWith($"{type.Name}.", StringComparison.Ordinal))
            {
                foreach (var nested in ((TypeDeclarationSyntax)declaration).Members.OfType<BaseTypeDeclarationSyntax>().Select(m => model.GetDeclaredSymbol(m)!))
                    Add(nested, tree);
            }

            if (!_types.ContainsKey(type) || file == type.Name)
                Add(type, tree);
        }
    }

    private void Add(INamedTypeSymbol type, SyntaxTree tree) =>
        _types[type] = new(type.Name, type.ContainingNamespace.ToDisplayString(), tree.FilePath, type.DeclaredAccessibility == Accessibility.Public);

    private HashSet<TypeReference> In(SyntaxTree tree, SemanticModel model)
    {
        var found = new HashSet<TypeReference>();
        foreach (var declaration in OuterTypes(tree))
        {
            var from = (INamedTypeSymbol)model.GetDeclaredSymbol(declaration)!;
            foreach (var to in declaration.DescendantNodes().Where(n => IsUse(n) && !NamesATypeInside(model, n)).SelectMany(n => Used(Bind(model, n))).Where(t => !SymbolEqualityComparer.Default.Equals(t, from)))
            {
                if (_types.TryGetValue(to, out var type))
                    found.Add(new(from.Name, tree.FilePath, type.Name, type.File));
            }
        }

        return found;
    }

    private static HashSet<OutsideReference> ToTorchSharpIn(SyntaxTree tree, SemanticModel model)
    {
        var found = new HashSet<OutsideReference>();
        foreach (var declaration in OuterTypes(tree))
        {
            string from = model.GetDeclaredSymbol(declaration)!.Name;
            foreach (var symbol in declaration.DescendantNodes().Where(IsUse).Select(n => Bind(model, n)).OfType<ISymbol>())
            {
                if (new[] { symbol as ITypeSymbol ?? symbol.ContainingType, TypeOfValue(symbol) }.FirstOrDefault(IsTorchSharp) is { } type)
                    found.Add(new(from, tree.FilePath, type.ToDisplayString()));
            }
        }

        return found;
    }

    private static ITypeSymbol? TypeOfValue(ISymbol symbol) => symbol switch
    {
        IMethodSymbol method => method.ReturnType,
        IPropertySymbol property => property.Type,
        IFieldSymbol field => field.Type,
        ILocalSymbol local => local.Type,
        IParameterSymbol parameter => parameter.Type,
        _ => null,
    };

    private static bool IsTorchSharp(ITypeSymbol? type) => type switch
    {
        IArrayTypeSymbol array => IsTorchSharp(array.ElementType),
        INamedTypeSymbol { TypeArguments: var arguments } when arguments.Any(IsTorchSharp) => true,
        _ => type?.ContainingAssembly?.Name == "TorchSharp",
    };

    private static bool IsUse(SyntaxNode node) => node is SimpleNameSyntax or BaseObjectCreationExpressionSyntax or ElementAccessExpressionSyntax or ConstructorInitializerSyntax;

    /// <summary>Whether a name only qualifies a nested type that is counted separately.</summary>
    private bool NamesATypeInside(SemanticModel model, SyntaxNode node) =>
        node.Parent switch
        {
            MemberAccessExpressionSyntax access when access.Expression == node => model.GetSymbolInfo(access.Name).Symbol,
            QualifiedNameSyntax name when name.Left == node => model.GetSymbolInfo(name.Right).Symbol,
            _ => null,
        } is INamedTypeSymbol inner && _types.ContainsKey(inner);

    private static ISymbol? Bind(SemanticModel model, SyntaxNode node)
    {
        var found = model.GetSymbolInfo(node);
        return found.CandidateReason is CandidateReason.None or CandidateReason.MemberGroup
            ? found.Symbol
            : throw new InvalidOperationException($"{node.GetLocation().GetLineSpan()}: the compiler does not find {node} ({found.CandidateReason}).");
    }

    private IEnumerable<INamedTypeSymbol> Used(ISymbol? symbol) => symbol switch
    {
        INamedTypeSymbol type => type.TypeArguments.SelectMany(Used).Append(Counted(type.OriginalDefinition)),
        IArrayTypeSymbol array => Used(array.ElementType),
        IPointerTypeSymbol pointer => Used(pointer.PointedAtType),
        IMethodSymbol or IPropertySymbol or IFieldSymbol or IEventSymbol when symbol.ContainingType is { } owner => [Counted(owner.OriginalDefinition)],
        _ => [],
    };

    private INamedTypeSymbol Counted(INamedTypeSymbol type) => type.ContainingType is { } outer && !_types.ContainsKey(type) ? Counted(outer) : type;
}
