// Builds HTML from interpolated strings and escapes every interpolated value.
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Microsoft.ML.VisionTransformer.Cli.Report;

/// <summary>
/// <c>html.Add($"&lt;b&gt;{name}&lt;/b&gt;")</c>: the literal parts of the string are markup, the interpolated values are text. No API adds a value as
/// markup, so the name of a file or a class cannot inject markup into the page.
/// </summary>
internal sealed class HtmlBuilder
{
    private static readonly HtmlEncoder _encoder = HtmlEncoder.Create(UnicodeRanges.All);

    internal StringBuilder Text { get; } = new();

    /// <summary>Adds a line. <see cref="HtmlInterpolationHandler"/> has already appended its parts when this method runs.</summary>
    internal void Add([InterpolatedStringHandlerArgument("")] HtmlInterpolationHandler markup)
    {
        _ = markup;
        Text.Append('\n');
    }

    /// <summary>
    /// Escapes characters that are special in HTML, in content and in attribute values. Control characters, which HTML does not allow even as references,
    /// become U+FFFD.
    /// </summary>
    internal void AppendEscaped(string? text) => Text.Append(_encoder.Encode(
        string.Create(text?.Length ?? 0, text, (allowed, given) =>
        {
            for (int i = 0; i < allowed.Length; i++)
                allowed[i] = char.IsControl(given![i]) && given[i] is not ('\t' or '\n') ? '\uFFFD' : given[i];
        })));
}

[InterpolatedStringHandler]
internal readonly ref struct HtmlInterpolationHandler
{
    private readonly HtmlBuilder _builder;

    public HtmlInterpolationHandler(int literalLength, int formattedCount, HtmlBuilder builder)
    {
        _builder = builder;
        builder.Text.EnsureCapacity(builder.Text.Length + literalLength + formattedCount);
    }

    public void AppendLiteral(string markup) => _builder.Text.Append(markup);

    public void AppendFormatted(string? value) => _builder.AppendEscaped(value);

    /// <summary>Appends a file as Base64. Its alphabet needs no escaping; the HTML encoder would turn each plus sign into six characters.</summary>
    public void AppendFormatted(byte[] content) => _builder.Text.Append(Convert.ToBase64String(content));

    public void AppendFormatted(int value) => _builder.Text.Append(CultureInfo.InvariantCulture, $"{value}");

    /// <summary>Appends a number with at most three decimals.</summary>
    public void AppendFormatted(double value) => _builder.Text.Append(value.ToString("0.###", CultureInfo.InvariantCulture));
}
