// Formats values as C# expressions.
using System.Globalization;
using System.Reflection;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Cli.Scaffold;

internal static class CodeValue
{
    /// <summary>Initializers up to this length are on one line.</summary>
    private const int LineLength = 100;

    /// <summary>Doubles with a longer text may have been computed as float, which has a shorter one.</summary>
    private const int LongText = 14;

    private static readonly (string Code, TrainingAugmentations Value)[] _augmentations =
    [
        ("TrainingAugmentations.Light", TrainingAugmentations.Light),
        ("TrainingAugmentations.DeiT", TrainingAugmentations.DeiT),
        ("TrainingAugmentations.ThreeAugment", TrainingAugmentations.ThreeAugment),
        ("TrainingAugmentations.None", TrainingAugmentations.None),
    ];

    /// <summary>An object initializer with the options that differ from their defaults, in the order of their declaration, one per line.</summary>
    internal static string Of(VisionTransformerTrainer.Options options)
    {
        var defaults = new VisionTransformerTrainer.Options();
        var changes = typeof(VisionTransformerTrainer.Options).GetFields(BindingFlags.Public | BindingFlags.Instance)
            .Where(field => !Equals(field.GetValue(defaults), field.GetValue(options)))
            .Select(field => $"{field.Name} = {Value(field.GetValue(options))}");
        return Lines(changes);
    }

    /// <summary>The preset with the architecture's name, and the properties that differ from it. The number of classes is that of the label.</summary>
    internal static string Of(VisionTransformerArchitecture architecture)
    {
        string[] except = [nameof(VisionTransformerArchitecture.Classes)];
        return Preset(architecture.Name) is { } preset
            ? With($"VisionTransformerArchitecture.Parse({Text(architecture.Name)})", Changes(preset, architecture, except))
            : New(architecture, except);
    }

    /// <summary>A C# string literal for any text. Quotes, backslashes, line breaks, and control, format and surrogate characters are escaped.</summary>
    internal static string Text(string text)
    {
        var code = new StringBuilder("\"");
        foreach (char c in text)
        {
            if (c is '"' or '\\')
                code.Append('\\').Append(c);
            else if (char.IsControl(c) || char.IsSurrogate(c) || char.GetUnicodeCategory(c) is UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Format)
                code.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
            else
                code.Append(c);
        }

        return code.Append('"').ToString();
    }

    /// <exception cref="NotSupportedException">The type is unknown.</exception>
    private static string Value(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        string text => Text(text),
        int number => number.ToString(CultureInfo.InvariantCulture),
        float number => $"{Number(number)}f",
        double number => Number(number).Length <= LongText || number != (float)number ? Number(number) : Value((float)number),    // 0.8f, not 0.800000011920929
        Enum name => $"{TypeName(name.GetType())}.{name}",
        ImageDimensions size when size.Height == size.Width => string.Create(CultureInfo.InvariantCulture, $"{size.Height}"),
        ImageDimensions size => string.Create(CultureInfo.InvariantCulture, $"({size.Height}, {size.Width})"),
        ChannelValues channels => $"new ChannelValues({string.Join(", ", channels.Select(channel => Value(channel)))})",
        VisionTransformerArchitecture architecture => Of(architecture),
        TrainingAugmentations augmentations => Of(augmentations),
        ImagePreprocessing or RotaryEmbedding => New(value),
        VisionTransformerTrainer.EarlyStopping stopping =>
            $"new VisionTransformerTrainer.EarlyStopping(minDelta: {Value(stopping.MinDelta)}, patience: {Value(stopping.Patience)}, metric: {Value(stopping.Metric)})",
        IReadOnlyDictionary<string, float> weights => $"new Dictionary<string, float>\n{Lines(weights.OrderBy(w => w.Key, StringComparer.Ordinal).Select(w => $"[{Text(w.Key)}] = {Value(w.Value)}"))}",
        _ => throw new NotSupportedException($"Values of type {value.GetType()} cannot be written as code; add the type to CodeValue.Value."),
    };

    /// <summary>The preset with the fewest differences, and these; a new object if no preset has fewer.</summary>
    private static string Of(TrainingAugmentations augmentations)
    {
        var (code, changes) = _augmentations.Select(preset => (preset.Code, Changes: Changes(preset.Value, augmentations))).MinBy(preset => preset.Changes.Length);
        return changes.Length < Changes(new TrainingAugmentations(), augmentations).Length ? With(code, changes) : New(augmentations);
    }

    private static VisionTransformerArchitecture? Preset(string name)
    {
        try
        {
            return VisionTransformerArchitecture.Parse(name);
        }
        catch (ArgumentException)
        {
            return null;    // not a preset name: all properties that differ from the defaults are written
        }
    }

    private static string New(object value, params string[] except) => $"new {value.GetType().Name}{Initializer(" ", Changes(Activator.CreateInstance(value.GetType())!, value, except), "()")}";

    private static string With(string start, string[] changes) => start + Initializer(" with ", changes, "");

    private static string[] Changes(object start, object wanted, params string[] except) =>
    [
        .. wanted.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.SetMethod is not null && !except.Contains(p.Name) && !Equals(p.GetValue(start), p.GetValue(wanted)))
            .Select(p => $"{p.Name} = {Value(p.GetValue(wanted))}"),
    ];

    private static string Initializer(string before, string[] items, string ifNone)
    {
        string line = string.Join(", ", items);
        return items.Length == 0 ? ifNone
            : line.Length <= LineLength && !line.Contains('\n', StringComparison.Ordinal) ? $"{before}{{ {line} }}"
            : $"{before.TrimEnd()}\n{Lines(items)}";
    }

    private static string Lines(IEnumerable<string> items) =>
        $"{{\n{string.Concat(items.Select(item => $"    {item.Replace("\n", "\n    ", StringComparison.Ordinal)},\n"))}}}";

    /// <summary>The shortest text that is read back as the same value: 1e-5, not 1E-05.</summary>
    private static string Number<T>(T number)
        where T : IFormattable => number.ToString("R", CultureInfo.InvariantCulture)
            .Replace("E-0", "e-", StringComparison.Ordinal).Replace("E-", "e-", StringComparison.Ordinal).Replace("E+0", "e", StringComparison.Ordinal).Replace("E+", "e", StringComparison.Ordinal);

    private static string TypeName(Type type) => type.DeclaringType is { } outer ? $"{TypeName(outer)}.{type.Name}" : type.Name;
}
