// Finds the known name that an unknown one was probably meant to be.
namespace Microsoft.ML.VisionTransformer.Network;

internal static class NearestName
{
    /// <summary>The candidate with the smallest edit distance (Levenshtein 1966), case ignored; the first of equals. There is at least one.</summary>
    internal static string To(string name, IEnumerable<string> candidates) =>
        candidates.MinBy(candidate => Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant()))!;

    /// <summary>Fewest insertions, deletions and replacements of a character that turn one text into the other.</summary>
    internal static int Distance(string from, string to)
    {
        // One row of the table at a time: row[j] is the distance from the first i characters of one to the first j of the other.
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[^1];
    }
}
