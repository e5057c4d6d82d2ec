// Tensor names with the block's number taken out.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <summary>
/// A pattern is a tensor's name in which <c>{}</c> stands for the number of a block: <c>blocks.{}.norm1.weight</c>. The number is written without leading
/// zeros and has at most nine digits.
/// </summary>
internal static class NamePattern
{
    /// <summary>Stands for the block's number.</summary>
    internal const string Block = "{}";

    /// <summary>No name of a known layout comes near; longer ones are not looked at, so that a hostile name costs nothing.</summary>
    private const int LongestName = 256;

    private const int MostDigits = 9;

    /// <summary>Whether a pattern has a place for the block's number.</summary>
    internal static bool HasBlock(string pattern) => pattern.Contains(Block, StringComparison.Ordinal);

    /// <summary>The name of that block's tensor.</summary>
    internal static string Fill(string pattern, int? block) =>
        block is { } number ? pattern.Replace(Block, number.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal) : pattern;

    /// <summary>
    /// Every pattern that a name may be an instance of: the name itself, and once for each number in it the name with that number taken out.
    /// Empty for a name that is longer than any known one or contains a brace.
    /// </summary>
    internal static IEnumerable<(string Pattern, int? Block)> Readings(string name)
    {
        if (name.Length > LongestName || name.Contains('{', StringComparison.Ordinal))
            yield break;
        yield return (name, null);
        for (int start = 0; start < name.Length; start++)
        {
            int end = start;
            while (end < name.Length && char.IsAsciiDigit(name[end]))
                end++;
            bool plain = end - start is 1 || (end - start is > 1 and <= MostDigits && name[start] != '0');
            if (plain)
            {
                int block = int.Parse(name.AsSpan(start, end - start), CultureInfo.InvariantCulture);
                yield return (string.Concat(name.AsSpan(0, start), Block, name.AsSpan(end)), block);
            }

            start = end;
        }
    }
}
