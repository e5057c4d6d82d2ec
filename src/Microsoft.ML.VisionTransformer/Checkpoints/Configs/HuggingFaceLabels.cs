// The classes of a Hugging Face configuration: their number and their names.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

/// <param name="Count">Number of classes.</param>
/// <param name="Names">Their names in the order of the head's outputs; null where only placeholders are there.</param>
internal sealed record HuggingFaceLabels(int Count, IReadOnlyList<string>? Names)
{
    /// <summary>The settings' names.</summary>
    internal const string NamesKey = "id2label", CountKey = "num_labels";

    private const int StandardCount = 2;
    private const int MostCount = 1_000_000;

    /// <summary>
    /// <c>id2label</c> in the numeric order of its keys; <c>num_labels</c> where there are no names; else two classes, what Hugging Face leaves out.
    /// <c>LABEL_0</c>, <c>LABEL_1</c>, ... are what it writes where nobody named the classes.
    /// </summary>
    /// <exception cref="InvalidCheckpointException">The keys are not 0, 1, 2, ..., a name is no text, or the two settings disagree.</exception>
    internal static HuggingFaceLabels Read(JsonSettings settings)
    {
        if (settings.Object(NamesKey) is not { } labels)
            return new HuggingFaceLabels(settings.Whole(CountKey, StandardCount, least: 0, MostCount), null);
        string[] names = ReadNames(settings, labels);
        if (settings.Whole(CountKey, names.Length, least: 0, MostCount) != names.Length)
            throw settings.Wrong(CountKey, $"{names.Length}, the number of names in {NamesKey},");
        return new HuggingFaceLabels(names.Length, names.Select((name, i) => name == Placeholder(i)).All(isPlaceholder => isPlaceholder) ? null : names);
    }

    /// <summary>What stands for the name of a class without one.</summary>
    internal static string Placeholder(int index) => string.Create(CultureInfo.InvariantCulture, $"LABEL_{index}");

    private static string[] ReadNames(JsonSettings settings, JsonSettings labels)
    {
        var names = new string?[labels.Names.Count()];
        foreach (string key in labels.Names)
        {
            if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int index) || index >= names.Length || names[index] is not null)
                throw settings.Wrong(NamesKey, $"an object with the keys \"0\" to \"{names.Length - 1}\"");
            names[index] = labels.Text(key) ?? throw labels.Wrong(key, "the name of a class");
        }

        return names!;
    }
}
