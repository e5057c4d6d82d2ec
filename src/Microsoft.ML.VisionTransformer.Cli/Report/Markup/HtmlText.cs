// Text made fit for a page, as content and as the value of an attribute.
using System.Text;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class HtmlText
{
    /// <summary>Escapes what has a meaning in HTML; a control character, which a page may not hold, becomes U+FFFD.</summary>
    internal static void Append(StringBuilder page, string? text)
    {
        foreach (char c in text ?? "")
        {
            _ = c switch
            {
                '&' => page.Append("&amp;"),
                '<' => page.Append("&lt;"),
                '>' => page.Append("&gt;"),
                '"' => page.Append("&quot;"),
                '\'' => page.Append("&#39;"),
                _ => page.Append(char.IsControl(c) && c is not ('\t' or '\n') ? '\uFFFD' : c),
            };
        }
    }
}
