// Nothing public is without documentation.
using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.ML.VisionTransformer.ApiReference;
using Microsoft.ML.VisionTransformer.DocsTests.Support;

namespace Microsoft.ML.VisionTransformer.DocsTests;

[TestClass]
public sealed class PublicDocumentationTests(TestContext context)
{
    /// <summary>Summaries, parameters, type parameters and results, inherited texts included. What only another library documents counts as missing.</summary>
    [TestMethod]
    public void EveryPublicMemberIsDocumented()
    {
        var symbols = Library.Surface.Types.SelectMany(t => PublicSurface.Members(t).Prepend(t)).ToArray();

        var missing = symbols.SelectMany(Missing).ToArray();

        context.WriteLine($"{symbols.Length} public types and members, {missing.Length} texts missing.");
        Assert.IsEmpty(missing, string.Join('\n', missing));
    }

    private static IEnumerable<string> Missing(ISymbol symbol)
    {
        var documentation = Library.Surface.Document(symbol);
        string name = symbol.ToDisplayString();
        if (documentation.Summary is null)
            yield return $"{name}: summary";
        foreach (var parameter in Parameters(symbol).Where(p => documentation.Parameter(p.Name) is null))
            yield return $"{name}: param {parameter.Name}";
        foreach (var parameter in ((symbol as IMethodSymbol)?.TypeParameters ?? []).Where(p => documentation.TypeParameter(p.Name) is null))
            yield return $"{name}: typeparam {parameter.Name}";
        if (symbol is IMethodSymbol { ReturnsVoid: false, MethodKind: not MethodKind.Constructor } && documentation.Returns is null)
            yield return $"{name}: returns";
    }

    private static ImmutableArray<IParameterSymbol> Parameters(ISymbol symbol) => symbol switch
    {
        IMethodSymbol method => method.Parameters,
        IPropertySymbol property => property.Parameters,
        _ => [],
    };
}
