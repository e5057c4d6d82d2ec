// Class names in timm's config.json.
using System.Globalization;
using System.Text.Json;

namespace Microsoft.ML.VisionTransformer.Checkpoints;

internal static class TimmLabels
{
    /// <summary>
    /// The names in the order of the head's outputs; null if there are none. Those at the top belong to the head and must be as many as its classes; those in
    /// <c>pretrained_cfg</c> are the ones of the weights that the network began as, and are left out where they are not.
    /// </summary>
    /// <exception cref="InvalidCheckpointException">
    /// The names are no list of texts and no object from every index to one, or not as many as classes.
    /// </exception>
    internal static IReadOnlyList<string>? Read(
        IReadOnlyDictionary<string, TimmValue> root, IReadOnlyDictionary<string, TimmValue> settings, int classes, ICollection<string> notes)
    {
        bool atTop = root.TryGetValue("label_names", out var value) || root.TryGetValue("labels", out value);
        if ((!atTop && !settings.TryGetValue("label_names", out value)) || value.IsNull)
            return null;
        string[] names = value.Element.ValueKind == JsonValueKind.Object ? ByIndex(value) : [.. value.Items().Select(item => item.Text())];
        if (names.Length == classes)
            return names.Length == 0 ? null : names;
        string mismatch = string.Create(CultureInfo.InvariantCulture, $"{value.Where} has {names.Length} names for {classes} classes");
        if (atTop)
            throw new InvalidCheckpointException($"{mismatch}; one for each class is expected. Correct num_classes or the names.");
        notes.Add($"{mismatch}: they are of other weights and left out.");
        return null;
    }

    /// <summary>timm's form for heads without a gap in their indices or with one; only the former has a name for every output.</summary>
    private static string[] ByIndex(TimmValue value)
    {
        var members = StrictJson.Members(value.Element, value.Where);
        var names = new string[members.Count];
        foreach (var (key, name) in members)
        {
            if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int index) || index >= names.Length || names[index] is not null)
            {
                throw new InvalidCheckpointException(
                    $"{value.Where} has the key {MessageText.Of(key)}; each index from 0 to {names.Length - 1} once is expected.");
            }

            names[index] = StrictJson.Text(name, $"{value.Where}: {key}");
        }

        return names;
    }
}
