// Formats values as C# expressions.
using System.Globalization;
using System.Reflection;
using System.Text;

namespace Microsoft.ML.VisionTransformer.Cli.Scaffold;

internal static class CodeValue
{
    /// <summary>The preset with the architecture's name, and the properties that differ from it.</summary>
    internal static string Of(VisionTransformerArchitecture architecture)
    {
        var (start, code) = Preset(architecture.Name) is { } preset
            ? (preset, $"VisionTransformerArchitecture.Parse({Text(architecture.Name)})")
            : (new VisionTransformerArchitecture(), "new VisionTransformerArchitecture()");
        string changes = Changes(start, architecture, except: [nameof(VisionTransformerArchitecture.Name), nameof(VisionTransformerArchitecture.Classes)]);
        return changes.Length > 0 ? $"{code} with {{ {changes} }}" : code;
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

    private static string Changes(object start, object wanted, params string[] except) => string.Join(", ", wanted.GetType()
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(p => p.SetMethod is not null && !except.Contains(p.Name) && !Equals(p.GetValue(start), p.GetValue(wanted)))
        .Select(p => $"{p.Name} = {Value(p.GetValue(wanted))}"));

    private static string Value(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        string text => Text(text),
        Enum name => $"{name.GetType().Name}.{name}",
        ImageDimensions size when size.Height == size.Width => string.Create(CultureInfo.InvariantCulture, $"{size.Height}"),
        ImageDimensions size => string.Create(CultureInfo.InvariantCulture, $"({size.Height}, {size.Width})"),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => $"new {value.GetType().Name} {{ {Changes(Activator.CreateInstance(value.GetType())!, value)} }}",
    };

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
}
