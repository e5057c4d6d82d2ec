// Writes the holes of an interpolated string as text of a page.
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

[InterpolatedStringHandler]
internal readonly ref struct HtmlHoles
{
    private readonly StringBuilder _text;

    public HtmlHoles(int literalLength, int holes, HtmlBuilder builder)
    {
        _text = builder.Text;
        _text.EnsureCapacity(_text.Length + literalLength + holes);
    }

    public void AppendLiteral(string markup) => _text.Append(markup);

    public void AppendFormatted(string? value) => HtmlText.Append(_text, value);

    /// <summary>A file in base64, whose alphabet has nothing to escape: an encoder of text would make each plus sign six characters.</summary>
    public void AppendFormatted(byte[] content) => _text.Append(Convert.ToBase64String(content));

    public void AppendFormatted(int value) => _text.Append(CultureInfo.InvariantCulture, $"{value}");

    /// <summary>A coordinate or another number, with at most three decimals.</summary>
    public void AppendFormatted(double value) => _text.Append(value.ToString("0.###", CultureInfo.InvariantCulture));
}
