// Every public type has an example, or names a type whose example shows it.
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.ML.VisionTransformer.ApiReference;
using Microsoft.ML.VisionTransformer.DocsTests.Support;

namespace Microsoft.ML.VisionTransformer.DocsTests;

/// <summary>
/// A type has its own <c>example</c>, or a <c>seealso</c> that names a public type whose example mentions it. <c>ExamplesRunTests</c> of the library's tests runs
/// all of them.
/// </summary>
[TestClass]
public sealed class ExampleTests(TestContext context)
{
    [TestMethod]
    public void EveryPublicTypeHasAnExampleOrNamesTheTypeThatHasOne()
    {
        var types = Library.Surface.Types;
        var examples = types.ToDictionary(t => t.GetDocumentationCommentId()!, ExampleOf, StringComparer.Ordinal);

        string[] wrong = [.. types.Select(t => Fault(t, examples)).OfType<string>()];

        context.WriteLine($"{types.Count} types, {examples.Values.Count(e => e.Length > 0)} with an example of their own.");
        Assert.IsEmpty(wrong, string.Join('\n', wrong));
    }

    private static string? Fault(INamedTypeSymbol type, Dictionary<string, string> examples)
    {
        string name = PublicSurface.NameOf(type);
        if (examples[type.GetDocumentationCommentId()!].Length > 0)
            return null;
        string[] named = [.. Library.Surface.Document(type).SeeAlso];
        if (named.Length == 0)
            return $"{name}: no <example>, and no <seealso> that names the type whose example shows it";
        return named.Any(id => Mentions(examples.GetValueOrDefault(id, ""), type.Name)) ? null : $"{name}: the example of {string.Join(", ", named)} does not mention it";
    }

    private static string ExampleOf(INamedTypeSymbol type) => Library.Surface.Document(type).Example?.Element("code")?.Value ?? "";

    private static bool Mentions(string code, string name) => Regex.IsMatch(code, $@"\b{name}\b");
}
