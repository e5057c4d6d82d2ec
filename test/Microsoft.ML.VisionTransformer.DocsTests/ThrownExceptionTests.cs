// What a public member throws itself is said in its documentation.
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.ML.VisionTransformer.DocsTests.Support;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.DocsTests;

/// <summary>
/// A member throws where it, or a method of its own type that it calls, has a <c>throw</c> or goes through <c>Guard</c>. What deeper layers throw no reader of the
/// source alone can tell.
/// </summary>
[TestClass]
public sealed class ThrownExceptionTests(TestContext context)
{
    private static readonly CSharpParseOptions _language = new(LanguageVersion.Latest, DocumentationMode.Parse);

    [TestMethod]
    public void EveryPublicMemberThatThrowsSaysSo()
    {
        var throwing = Directory.EnumerateFiles(SourceTree.Library, "*.cs", SearchOption.AllDirectories)
            .Where(f => Path.GetRelativePath(SourceTree.Library, f).Split(Path.DirectorySeparatorChar)[0] is not ("obj" or "bin"))
            .SelectMany(f => CSharpSyntaxTree.ParseText(File.ReadAllText(f), _language, f).GetRoot().DescendantNodes().OfType<MemberDeclarationSyntax>())
            .Where(m => m is BaseMethodDeclarationSyntax or BasePropertyDeclarationSyntax && IsPublic(m) && Throws(m, [])).ToArray();

        string[] silent = [.. throwing.Where(m => !SaysSo(m)).Select(m => $"{DocumentationPages.Name(m.SyntaxTree.FilePath)}({m.GetLocation().GetLineSpan().StartLinePosition.Line + 1})")];

        context.WriteLine($"{throwing.Length} public members throw, {silent.Length} do not say so.");
        Assert.IsEmpty(silent, string.Join('\n', silent));
        Assert.IsGreaterThan(20, throwing.Length, "members that throw");
    }

    private static bool IsPublic(MemberDeclarationSyntax member) =>
        member.AncestorsAndSelf().OfType<MemberDeclarationSyntax>().Where(m => m is not BaseNamespaceDeclarationSyntax).All(m => m.Modifiers.Any(SyntaxKind.PublicKeyword));

    private static bool Throws(SyntaxNode member, HashSet<string> seen) => member.DescendantNodes().Any(node => node switch
    {
        ThrowStatementSyntax { Expression: not null } or ThrowExpressionSyntax => true,
        InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.ValueText: "Guard" } } } => true,
        InvocationExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.ValueText: var called } } when seen.Add(called) =>
            member.FirstAncestorOrSelf<TypeDeclarationSyntax>()!.Members.OfType<MethodDeclarationSyntax>().Any(m => m.Identifier.ValueText == called && Throws(m, seen)),
        _ => false,
    });

    private static bool SaysSo(SyntaxNode member) => member.GetLeadingTrivia().ToFullString() is var text
        && (text.Contains("<exception", StringComparison.Ordinal) || text.Contains("<inheritdoc", StringComparison.Ordinal));
}
