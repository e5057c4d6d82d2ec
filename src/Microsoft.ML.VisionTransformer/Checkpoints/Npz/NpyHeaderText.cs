// The Python dictionary in a .npy header, read as text and never evaluated.
using System.Globalization;
using System.Text.RegularExpressions;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>What the dictionary says; nothing is checked but that it is one, with these three keys.</summary>
/// <param name="Descr">The dtype, <c>&lt;f4</c>.</param>
/// <param name="FortranOrder">Whether the values are column-major.</param>
/// <param name="Shape">Sizes as written, negative ones as well.</param>
internal sealed partial record NpyHeaderText(string Descr, bool FortranOrder, long[] Shape)
{
    /// <summary>Reads <c>{'descr': '&lt;f4', 'fortran_order': False, 'shape': (3, 4), }</c>: the keys in any order, each once, and no other.</summary>
    /// <exception cref="FormatException">It is anything else. The message says what was expected, and what was found where.</exception>
    internal static NpyHeaderText Parse(string text)
    {
        var tokens = new Tokens(text);
        string? descr = null;
        bool? fortranOrder = null;
        long[]? shape = null;

        tokens.Take("{");
        while (!tokens.TryTake("}"))
        {
            string key = ReadString(tokens, "a key");
            tokens.Take(":");
            if (key == "descr" && descr is null)
                descr = ReadDescr(tokens);
            else if (key == "fortran_order" && fortranOrder is null)
                fortranOrder = tokens.TryTake("True") || !tokens.Take("False");
            else if (key == "shape" && shape is null)
                shape = ReadShape(tokens);
            else
                throw new FormatException($"the key '{key}' is unknown or there twice; descr, fortran_order and shape are expected.");
            if (!tokens.TryTake(","))
            {
                tokens.Take("}");
                break;
            }
        }

        tokens.Take("");
        return new NpyHeaderText(descr ?? throw Missing("descr"), fortranOrder ?? throw Missing("fortran_order"), shape ?? throw Missing("shape"));
    }

    private static string ReadDescr(Tokens tokens) => tokens.Next is "[" or "("
        ? throw new FormatException("its dtype has fields (a structured array), and one plain number type is expected.")
        : ReadString(tokens, "a dtype");

    private static string ReadString(Tokens tokens, string what) =>
        tokens.Next is ['\'', .., '\''] or ['"', .., '"'] ? tokens.Move()[1..^1] : throw tokens.Unexpected($"{what} in quotes");

    /// <summary>A tuple: <c>()</c>, <c>(3,)</c>, <c>(3, 4)</c>; not <c>(3)</c>, which is a number. Python 2 wrote <c>3L</c>.</summary>
    private static long[] ReadShape(Tokens tokens)
    {
        var sizes = new List<long>();
        tokens.Take("(");
        while (!tokens.TryTake(")"))
        {
            if (!long.TryParse(tokens.Next.TrimEnd('L'), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long size))
                throw tokens.Unexpected("a size of at most 64 bits");
            tokens.Move();
            sizes.Add(size);
            if (tokens.TryTake(","))
                continue;
            if (sizes.Count == 1)
                throw tokens.Unexpected("a comma");
            tokens.Take(")");
            break;
        }

        return [.. sizes];
    }

    private static FormatException Missing(string key) => new($"the key '{key}' is missing.");

    /// <summary>A string, a number, a word, one other character, or nothing at the end; blanks before it are skipped.</summary>
    [GeneratedRegex("""\G[ \t\r\n]*('[^'\\\r\n]*'|"[^"\\\r\n]*"|[+-]?[0-9]+L?|[A-Za-z_]+|[^ \t\r\n]|\z)""", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    /// <summary>The text piece by piece.</summary>
    private sealed class Tokens(string text)
    {
        private const int LongestShown = 40;

        private Match _match = Token().Match(text);

        internal string Next => _match.Groups[1].Value;

        internal string Move()
        {
            string taken = Next;
            _match = Token().Match(text, _match.Index + _match.Length);
            return taken;
        }

        internal bool TryTake(string token)
        {
            if (Next != token)
                return false;
            if (token.Length > 0)
                Move();
            return true;
        }

        internal bool Take(string token) => TryTake(token) ? true : throw Unexpected(token.Length == 0 ? "the end" : $"'{token}'");

        internal FormatException Unexpected(string expected)
        {
            int at = _match.Groups[1].Index;
            string found = at == text.Length ? "the end" : $"'{text[at..Math.Min(text.Length, at + LongestShown)].TrimEnd()}'";
            return new(string.Create(CultureInfo.InvariantCulture, $"{expected} is expected at character {at}, found {found}."));
        }
    }
}
