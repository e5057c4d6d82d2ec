// Finds the class that is to be explained.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Checkpoints;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Network;

namespace Microsoft.ML.VisionTransformer.Explain;

internal static class ExplainedClass
{
    private const int MostListed = 20;

    /// <summary>The index of the class that the options ask for; null for the predicted one.</summary>
    /// <exception cref="ArgumentException">There is no such class, several have that name, or name and index are both given; the message lists the classes.</exception>
    internal static int? Find(ExplanationOptions options, IReadOnlyList<string> classes)
    {
        Guard.That(
            options.ClassName is null || options.ClassIndex is null,
            nameof(options.ClassIndex),
            "ClassName and ClassIndex are both set; set one of them, or neither for the predicted class.");
        if (options.ClassIndex is { } index)
        {
            Guard.That(index >= 0 && index < classes.Count, nameof(options.ClassIndex), Wrong($"ClassIndex is {index}; it counts from 0.", classes));
            return index;
        }

        return options.ClassName is null ? null : Find(options.ClassName, classes);
    }

    private static int Find(string name, IReadOnlyList<string> classes)
    {
        int[] found = [.. Enumerable.Range(0, classes.Count).Where(i => string.Equals(classes[i], name, StringComparison.Ordinal))];
        if (found.Length == 1)
            return found[0];
        if (found.Length > 1)
        {
            string indexes = string.Join(", ", found.Select(i => i.ToString(CultureInfo.InvariantCulture)));
            throw new ArgumentException(
                $"The model has {found.Length} classes '{MessageText.Of(name)}', with the indexes {indexes}; set ClassIndex to one of them in place of ClassName.",
                nameof(ExplanationOptions.ClassName));
        }

        string meant = MessageText.Of(NearestName.To(name, classes));
        throw new ArgumentException(Wrong($"There is no class '{MessageText.Of(name)}'; did you mean '{meant}'?", classes), nameof(ExplanationOptions.ClassName));
    }

    private static string Wrong(FormattableString what, IReadOnlyList<string> classes) =>
        string.Create(CultureInfo.InvariantCulture, $"{FormattableString.Invariant(what)} The model has {classes.Count} classes: {MessageText.List(classes, MostListed)}.");
}
