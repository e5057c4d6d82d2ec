// Text made fit for a page, as content and as the value of an attribute.
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

internal static class HtmlText
{
    private static readonly HtmlEncoder _encoder = HtmlEncoder.Create(UnicodeRanges.All);

    /// <summary>Escapes what has a meaning in HTML; a control character, which a page may not hold even as a reference, becomes U+FFFD.</summary>
    internal static void Append(StringBuilder page, string? text) => page.Append(_encoder.Encode(
        string.Create(text?.Length ?? 0, text, (allowed, given) =>
        {
            for (int i = 0; i < allowed.Length; i++)
                allowed[i] = char.IsControl(given![i]) && given[i] is not ('\t' or '\n') ? '\uFFFD' : given[i];
        })));
}
