// Text from a file, made fit for a message.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class MessageText
{
    private const int MostCharacters = 120;

    /// <summary>At most 120 characters, control characters replaced: a file must not write lines of its own into a log.</summary>
    internal static string Of(object? value)
    {
        string text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        string start = text.Length <= MostCharacters ? text : text[..MostCharacters] + "...";
        return string.Concat(start.Select(c => char.IsControl(c) ? '?' : c));
    }
}
