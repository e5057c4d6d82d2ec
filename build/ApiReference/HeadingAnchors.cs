// The names under which a rendered page's headings can be linked to.
using System.Globalization;
using System.Text.RegularExpressions;

namespace Microsoft.ML.VisionTransformer.ApiReference;

/// <summary>
/// GitHub's rule: small letters, spaces as dashes, no punctuation; of equal ones the second ends in <c>-1</c>.
/// </summary>
internal sealed partial class HeadingAnchors
{
    private readonly Dictionary<string, int> _seen = new(StringComparer.Ordinal);

    /// <summary>The anchor of the page's next heading.</summary>
    internal string Next(string heading)
    {
        string plain = Punctuation().Replace(Links().Replace(heading, "$1").Trim().ToLowerInvariant(), "").Replace(' ', '-');
        int before = _seen.GetValueOrDefault(plain);
        _seen[plain] = before + 1;
        return before == 0 ? plain : string.Create(CultureInfo.InvariantCulture, $"{plain}-{before}");
    }

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex Links();

    [GeneratedRegex(@"[^\p{L}\p{N}\p{M}_\- ]")]
    private static partial Regex Punctuation();
}
