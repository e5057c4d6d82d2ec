// All texts that a user can meet, in one reviewed list: a change of wording is a change of the list.
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Conventions;

/// <summary>
/// Every string of several words in the library, the command-line tool, the hosting package and two samples: errors, warnings, help, report and progress. messages.txt has one line
/// per text: the source file, a tab, the text. Read a changed line aloud before you accept it.
/// </summary>
[TestClass]
public sealed partial class MessagesTests
{
    private const int MinWords = 3;

    private static readonly string[] _roots = ["src/Microsoft.ML.VisionTransformer", "src/Microsoft.ML.VisionTransformer.Cli", "src/Microsoft.ML.VisionTransformer.Hosting", "docs/samples/PhotoSearch", "docs/samples/WebService"];

    private static string ListPath => Path.Combine(SourceTree.Root, "test", "Microsoft.ML.VisionTransformer.Tests", "Conventions", "messages.txt");

    [TestMethod]
    public void EachTextIsInTheReviewedList()
    {
        string[] found = [.. _roots.SelectMany(Files).SelectMany(Texts).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        string[] reviewed = File.Exists(ListPath) ? File.ReadAllLines(ListPath) : [];
        if (found.SequenceEqual(reviewed, StringComparer.Ordinal))
            return;
        string received = Path.ChangeExtension(ListPath, ".received.txt");
        File.WriteAllText(received, string.Concat(found.Select(line => $"{line}\n")));
        Assert.Fail(string.Join('\n', ["New texts:", .. found.Except(reviewed).Take(20), "Texts that are gone:", .. reviewed.Except(found).Take(20), $"Review {received} and rename it to messages.txt."]));
    }

    [TestMethod]
    [DataRow("Foo(\"too short\");", "")]
    [DataRow("Foo(\"this is long enough.\");", "this is long enough.")]
    [DataRow("Foo($\"{path} does not exist: {Reason(e)}.\");", "{path} does not exist: {Reason(e)}.")]
    [DataRow("Foo($\"{path} is \" + \"not a file. \" + $\"See {help:N0}.\");", "{path} is not a file. See {help}.")]
    [DataRow("Foo(string.Create(culture, $\"{n} of {m} \") + \"images are broken.\");", "{n} of {m} images are broken.")]
    [DataRow("Foo(a ? \"one is too many\" : \"two are not enough\");", "one is too many|two are not enough")]
    public void TextsAreFoundInCode(string code, string expected) =>
        Assert.AreEqual(expected, string.Join('|', TextsOf(CSharpSyntaxTree.ParseText(code).GetRoot())));

    private static IEnumerable<string> Files(string root) => Directory.EnumerateFiles(Path.Combine(SourceTree.Root, root), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal) && !file.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    private static IEnumerable<string> Texts(string file)
    {
        string name = Path.GetRelativePath(SourceTree.Root, file).Replace('\\', '/');
        return TextsOf(CSharpSyntaxTree.ParseText(File.ReadAllText(file)).GetRoot()).Select(text => $"{name}\t{text}");
    }

    private static IEnumerable<string> TextsOf(SyntaxNode root) => root.DescendantNodes()
        .Where(node => IsText(node) && !IsText(node.Parent) && !(node.Parent is ArgumentSyntax && IsText(node.Parent.Parent?.Parent)) && node.FirstAncestorOrSelf<AttributeSyntax>() is null && !node.Ancestors().OfType<InterpolationSyntax>().Any(i => i.Parent is InterpolatedStringExpressionSyntax))
        .Select(node => TextOf(node)).Where(text => !text.Contains('\n', StringComparison.Ordinal) && Word().Count(text) >= MinWords && text.Contains(' ', StringComparison.Ordinal));

    /// <summary>A string literal, an interpolated string, or a sum of them.</summary>
    private static bool IsText(SyntaxNode? node) => node is InterpolatedStringExpressionSyntax
        || (node is LiteralExpressionSyntax && node.IsKind(SyntaxKind.StringLiteralExpression))
        || (node is InvocationExpressionSyntax call && FormattedBy(call) is not null)
        || (node is BinaryExpressionSyntax sum && sum.IsKind(SyntaxKind.AddExpression) && (IsText(sum.Left) || IsText(sum.Right)));

    /// <summary>The text in string.Create(CultureInfo.InvariantCulture, $"...") and Invariant($"..."); null for other calls.</summary>
    private static ExpressionSyntax? FormattedBy(InvocationExpressionSyntax call) =>
        call.Expression.ToString() is "string.Create" or "Invariant" or "FormattableString.Invariant" && call.ArgumentList.Arguments.LastOrDefault()?.Expression is { } text && IsText(text) ? text : null;

    private static string TextOf(SyntaxNode node) => node switch
    {
        InvocationExpressionSyntax call when FormattedBy(call) is { } text => TextOf(text),
        LiteralExpressionSyntax literal => literal.Token.ValueText,
        InterpolatedStringExpressionSyntax text => string.Concat(text.Contents.Select(part => part switch
        {
            InterpolatedStringTextSyntax plain => plain.TextToken.ValueText,
            InterpolationSyntax hole => $"{{{Short(hole.Expression.ToString())}}}",
            _ => "",
        })),
        BinaryExpressionSyntax sum when IsText(sum) => TextOf(sum.Left) + TextOf(sum.Right),
        _ => $"{{{Short(node.ToString())}}}",
    };

    private static string Short(string expression) => Space().Replace(expression, " ");

    [GeneratedRegex(@"[A-Za-z]{2,}")]
    private static partial Regex Word();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
