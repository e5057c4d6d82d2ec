// Highlights keywords, strings, numbers and comments of C# code for the page's style sheet.
using System.Net;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace NotebookRunner.Rendering;

internal static class CodeColors
{
    private static readonly CSharpParseOptions _script = new(kind: SourceCodeKind.Script);

    internal static string Html(string code)
    {
        var html = new StringBuilder();
        foreach (var token in CSharpSyntaxTree.ParseText(code, _script).GetRoot().DescendantTokens())
        {
            Trivia(html, token.LeadingTrivia);
            Append(html, Class(token), token.Text);
            Trivia(html, token.TrailingTrivia);
        }

        return html.ToString();
    }

    private static void Trivia(StringBuilder html, SyntaxTriviaList list)
    {
        foreach (var trivia in list)
        {
            bool comment = trivia.IsKind(SyntaxKind.SingleLineCommentTrivia);
            Append(html, comment || trivia.IsDirective ? comment ? "comment" : "word" : null, trivia.ToFullString());
        }
    }

    private static string? Class(SyntaxToken token) => token.Kind() switch
    {
        _ when token.IsKeyword() || SyntaxFacts.IsContextualKeyword(token.Kind()) || token.Text == "var" => "word",
        SyntaxKind.StringLiteralToken or SyntaxKind.CharacterLiteralToken or SyntaxKind.InterpolatedStringTextToken or SyntaxKind.InterpolatedStringStartToken
            or SyntaxKind.InterpolatedStringEndToken or SyntaxKind.SingleLineRawStringLiteralToken or SyntaxKind.MultiLineRawStringLiteralToken => "quote",
        SyntaxKind.NumericLiteralToken => "number",
        _ => null,
    };

    private static void Append(StringBuilder html, string? kind, string text)
    {
        if (kind is null)
            html.Append(WebUtility.HtmlEncode(text));
        else
            html.Append("<span class=\"").Append(kind).Append("\">").Append(WebUtility.HtmlEncode(text)).Append("</span>");
    }
}
