// Parses the values of settings.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Settings;

/// <summary>A value and its source, for messages: <c>--epochs</c>, or <c>"epochs" in flowers.json</c>.</summary>
internal readonly record struct SettingValue(string Source, string Text)
{
    internal int Whole() => int.TryParse(Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number : throw Wrong("a whole number");

    internal float Number() =>
        float.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out float number) && float.IsFinite(number) ? number : throw Wrong("a number");

    internal bool Switch() => bool.TryParse(Text, out bool value) ? value : throw Wrong("true or false");

    /// <summary>A name of the enumeration in kebab case: linear-probe for LinearProbe.</summary>
    internal T Choice<T>() where T : struct, Enum
    {
        string typed = CurrentName(typeof(T), Text.Replace("-", "", StringComparison.Ordinal));
        foreach (var value in Enum.GetValues<T>())
        {
            if (string.Equals(value.ToString(), typed, StringComparison.OrdinalIgnoreCase))
                return value;
        }

        throw Wrong(string.Join(", ", Names<T>()));
    }

    /// <summary>Maps names from earlier versions, which configuration files and workspaces may contain, to the current names.</summary>
    private static string CurrentName(Type type, string typed) => (type.Name, typed.ToUpperInvariant()) switch
    {
        (nameof(TrainingPrecision), "FULL") => nameof(TrainingPrecision.Float32),
        (nameof(FeatureKind), "PATCHMEAN") => nameof(FeatureKind.Average),
        (nameof(FeatureKind), "CLASSTOKENANDPATCHMEAN") => nameof(FeatureKind.ClassTokenAndAverage),
        _ => typed,
    };

    /// <summary>Flags separated by commas, combined.</summary>
    internal T Choices<T>() where T : struct, Enum
    {
        string source = Source;
        return (T)Enum.ToObject(typeof(T), Text.Split(',').Aggregate(0, (sum, part) => sum | Convert.ToInt32(new SettingValue(source, part.Trim()).Choice<T>(), CultureInfo.InvariantCulture)));
    }

    /// <summary>64, or 48x80 (height x width).</summary>
    internal ImageDimensions Size()
    {
        int[] sides = [.. Text.Split('x').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int side) ? side : 0)];
        return sides is [> 0] or [> 0, > 0] ? new ImageDimensions(sides[0], sides[^1]) : throw Wrong("a size in pixels, such as 64, or height x width, such as 48x80");
    }

    /// <summary>name=number, separated by commas.</summary>
    internal IReadOnlyDictionary<string, float> NamedValues()
    {
        var values = new Dictionary<string, float>(StringComparer.Ordinal);
        foreach (string part in Text.Split(','))
        {
            int at = part.LastIndexOf('=');
            if (at <= 0 || !values.TryAdd(part[..at].Trim(), new SettingValue(Source, part[(at + 1)..]).Number()))
                throw Wrong("name=number for each name, once, separated by commas");
        }

        return values;
    }

    /// <summary>The names of an enumeration in kebab case.</summary>
    internal static IEnumerable<string> Names<T>() where T : struct, Enum => Enum.GetNames<T>().Select(Kebab);

    internal static string Kebab(string name) =>
        string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) && char.IsLower(name[i - 1]) ? $"-{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));

    private UsageException Wrong(string expected) => new($"{Source} is '{Text}'; it must be {expected}.");
}
