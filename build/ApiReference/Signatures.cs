// Symbols as C# writes their declarations.
using Microsoft.CodeAnalysis;

namespace Microsoft.ML.VisionTransformer.ApiReference;

internal static class Signatures
{
    private const SymbolDisplayMiscellaneousOptions Style =
        SymbolDisplayMiscellaneousOptions.UseSpecialTypes | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier | SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers;

    private static readonly SymbolDisplayFormat _declaration = new(
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters,
        memberOptions: SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeModifiers | SymbolDisplayMemberOptions.IncludeParameters
            | SymbolDisplayMemberOptions.IncludeConstantValue | SymbolDisplayMemberOptions.IncludeRef | SymbolDisplayMemberOptions.IncludeAccessibility,
        delegateStyle: SymbolDisplayDelegateStyle.NameAndSignature,
        extensionMethodStyle: SymbolDisplayExtensionMethodStyle.StaticMethod,
        parameterOptions: SymbolDisplayParameterOptions.IncludeExtensionThis | SymbolDisplayParameterOptions.IncludeModifiers | SymbolDisplayParameterOptions.IncludeType
            | SymbolDisplayParameterOptions.IncludeName | SymbolDisplayParameterOptions.IncludeDefaultValue,
        propertyStyle: SymbolDisplayPropertyStyle.ShowReadWriteDescriptor,
        kindOptions: SymbolDisplayKindOptions.None,
        miscellaneousOptions: Style);

    private static readonly SymbolDisplayFormat _short = new(
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters,
        parameterOptions: SymbolDisplayParameterOptions.IncludeModifiers | SymbolDisplayParameterOptions.IncludeType,
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameOnly,
        miscellaneousOptions: Style & ~SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    /// <summary>"public sealed class VisionTransformerCheckpoint : IDisposable".</summary>
    internal static string Declaration(INamedTypeSymbol type)
    {
        string[] bases = [.. Bases(type).Select(Short)];
        string kind = type.TypeKind switch
        {
            TypeKind.Enum => "enum",
            TypeKind.Struct => (type.IsReadOnly ? "readonly " : "") + "struct",
            _ => (type.IsStatic ? "static " : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "") + (type.IsRecord ? "record" : "class"),
        };
        return $"public {kind} {type.Name}{(bases.Length == 0 ? "" : " : " + string.Join(", ", bases))}";
    }

    /// <summary>A member as its declaration begins.</summary>
    internal static string Declaration(ISymbol member) => member.ToDisplayString(_declaration);

    /// <summary>A type as it is named in a sentence.</summary>
    internal static string Short(ITypeSymbol type) => type.ToDisplayString(_short);

    /// <summary>"Explain(string, ExplanationOptions)", "Epoch".</summary>
    internal static string Heading(ISymbol member) => member switch
    {
        IMethodSymbol { MethodKind: MethodKind.Conversion } m => $"From {Short(m.Parameters[0].Type)}",
        IMethodSymbol { MethodKind: MethodKind.Constructor } m => $"{m.ContainingType.Name}({Types(m.Parameters)})",
        IMethodSymbol m => $"{m.Name}({Types(m.Parameters)})",
        IPropertySymbol { IsIndexer: true } p => $"Item[{Types(p.Parameters)}]",
        _ => member.Name,
    };

    private static string Types(IEnumerable<IParameterSymbol> parameters) => string.Join(", ", parameters.Select(p => Short(p.Type)));

    private static IEnumerable<INamedTypeSymbol> Bases(INamedTypeSymbol type)
    {
        if (type.TypeKind == TypeKind.Class && type.BaseType is { SpecialType: not SpecialType.System_Object } parent)
            yield return parent;
        var inherited = type.TypeKind == TypeKind.Class && type.BaseType is { } b ? b.AllInterfaces : [];
        foreach (var contract in type.TypeKind == TypeKind.Enum ? [] : type.AllInterfaces.Where(i => !inherited.Contains(i, SymbolEqualityComparer.Default) && i.DeclaredAccessibility == Accessibility.Public))
            yield return contract;
    }
}
