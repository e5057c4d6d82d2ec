// The classes of a model, with unique display names.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Models;

/// <summary>
/// Class names need not be unique: ImageNet has two classes "crane" and two "maillot". A name that several classes share gets the class index (from 0) as
/// a suffix: "crane#134", "crane#517". Results show these names; labels and options must use them.
/// </summary>
internal sealed class ModelClasses
{
    private readonly Dictionary<string, int> _indexes = new(StringComparer.Ordinal);
    private readonly ILookup<string, int> _byName;

    /// <param name="names">The names in the model, in the order of its scores.</param>
    internal ModelClasses(IReadOnlyList<string> names)
    {
        _byName = Enumerable.Range(0, names.Count).ToLookup(i => names[i], StringComparer.Ordinal);
        Names = [.. names.Select((name, i) => _byName[name].Skip(1).Any() ? string.Create(CultureInfo.InvariantCulture, $"{name}#{i}") : name)];
        foreach (int index in Enumerable.Range(0, names.Count).OrderBy(i => Names[i] != names[i]))    // a class whose own name is "crane#134" takes precedence
            _indexes.TryAdd(Names[index], index);
    }

    internal int Count => Names.Count;

    /// <summary>The display names, in the order of the scores.</summary>
    internal IReadOnlyList<string> Names { get; }

    /// <summary>The index of the class with that name; null if no class or several classes have it.</summary>
    internal int? Find(string name) => _indexes.TryGetValue(name, out int index) ? index : null;

    /// <summary>The index of the class of each image.</summary>
    /// <exception cref="InvalidDataException">An image has a label that is not a class, or is the name of several.</exception>
    internal int[] IndexesOf(IEnumerable<LabeledImage> images) =>
        [.. images.Select(image => Find(image.Label) ?? throw new InvalidDataException($"{MessageText.OfPath(image.Image)} {ReasonForNoMatch(image.Label)}"))];

    /// <summary>Why <see cref="Find"/> returned null, as the rest of a sentence about an image.</summary>
    internal string ReasonForNoMatch(string label)
    {
        string[] several = [.. _byName[label].Select(i => Names[i])];
        return several.Length > 1
            ? string.Create(CultureInfo.InvariantCulture, $"has the class '{label}', and {several.Length} classes of the model have that name; label its images {string.Join(" or ", several)}.")
            : string.Create(CultureInfo.InvariantCulture, $"has the class '{label}', which is not a class of the model; the nearest of its {Count} classes is '{NearestName.To(label, Names)}'.");
    }
}
