// JSON configuration files: settings that are checked for kind and range when they are asked for, and text as people read it.
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Configs;

/// <summary>One object of a configuration file. A setting that is null counts as left out, as it does in Python's <c>None</c>.</summary>
internal sealed class JsonSettings
{
    /// <summary>Greatest width, depth or side that is believed: ten times that of any published network.</summary>
    internal const int MostSize = 65_536;

    private const int MostBytes = 16 << 20;
    private readonly string _where;
    private readonly Dictionary<string, JsonElement> _members;

    private JsonSettings(JsonElement element, string where) => (_where, _members) = (where, StrictJson.Members(element, where));

    /// <summary>No settings: everything is left out.</summary>
    internal static JsonSettings Empty { get; } = Parse("{}"u8.ToArray(), "");

    /// <summary>Names of the settings, in the order of the file.</summary>
    internal IEnumerable<string> Names => _members.Keys;

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidCheckpointException">The file is too large, no JSON, or no object.</exception>
    internal static JsonSettings Load(string path)
    {
        long length = new FileInfo(path).Length;
        return length <= MostBytes
            ? Parse(File.ReadAllBytes(path), path)
            : throw new InvalidCheckpointException(
                $"{path} has {length} bytes, a configuration of at most {MostBytes} is read: it is another kind of file; pass the checkpoint's own.");
    }

    /// <exception cref="InvalidCheckpointException">The text is no JSON, or no object.</exception>
    internal static JsonSettings Parse(ReadOnlyMemory<byte> utf8, string where)
    {
        using var document = StrictJson.Parse(utf8, where);
        return new JsonSettings(document.RootElement.Clone(), where);
    }

    /// <summary>Whether the setting is there and not null.</summary>
    internal bool Has(string key) => Find(key) is not null;

    internal int Whole(string key, int standard, int least = 1, int most = MostSize)
    {
        if (Find(key) is not { } value)
            return standard;
        return IsWhole(value, least, most, out int whole) ? whole : throw Wrong(key, WholeExpected(least, most));
    }

    /// <param name="key">The setting.</param>
    /// <param name="standard">Its value where it is left out.</param>
    /// <param name="allowed">Whether a finite number may stand there.</param>
    /// <param name="expected">What may stand there, in words.</param>
    internal double Number(string key, double standard, Func<double, bool> allowed, string expected)
    {
        if (Find(key) is not { } value)
            return standard;
        return IsNumber(value, out double number) && allowed(number) ? number : throw Wrong(key, expected);
    }

    internal bool Switch(string key, bool standard) => Find(key) is not { } value ? standard : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(key, "true or false"),
    };

    internal string? Text(string key) => Find(key) is { } value ? StrictJson.Text(value, Where(key)) : null;

    /// <summary>The texts of a list; none where it is left out.</summary>
    internal IReadOnlyList<string> Texts(string key)
    {
        if (Find(key) is not { } value)
            return [];
        return value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(item => StrictJson.Text(item, Where(key)))]
            : throw Wrong(key, "a list of texts");
    }

    /// <summary>The numbers of a list, or one number on its own; null where it is left out.</summary>
    internal IReadOnlyList<double>? Values(string key, Func<double, bool> allowed, string expected)
    {
        if (Find(key) is not { } value)
            return null;
        JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        return [.. items.Select(item => IsNumber(item, out double number) && allowed(number) ? number : throw Wrong(key, expected))];
    }

    /// <summary>One number for a square, or a list of height and width.</summary>
    internal ImageDimensions Dimensions(string key, ImageDimensions standard)
    {
        if (Find(key) is not { } value)
            return standard;
        JsonElement[] sides = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value, value];
        return sides.Length == 2 && IsWhole(sides[0], 1, MostSize, out int height) && IsWhole(sides[1], 1, MostSize, out int width)
            ? new ImageDimensions(height, width)
            : throw Wrong(key, $"{WholeExpected(1, MostSize)}, or a list of two (height, width),");
    }

    internal bool IsList(string key) => Find(key) is { ValueKind: JsonValueKind.Array };

    internal bool IsText(string key) => Find(key) is { ValueKind: JsonValueKind.String };

    /// <summary>The settings under a name; null where it is left out.</summary>
    internal JsonSettings? Object(string key) => Find(key) is { } value ? new JsonSettings(value, Where(key)) : null;

    /// <summary>Whether the setting is an object, and its settings: for those that may be a number too.</summary>
    internal bool Object(string key, [NotNullWhen(true)] out JsonSettings? settings) =>
        (settings = Find(key) is { ValueKind: JsonValueKind.Object } ? Object(key) : null) is not null;

    /// <summary>The error for a setting's value.</summary>
    internal InvalidCheckpointException Wrong(string key, string expected) =>
        new($"{Where(key)} is {Shown(key)}, {expected} is expected; correct the file or fetch it again.");

    /// <summary>The error for a setting that is understood and cannot be followed.</summary>
    internal InvalidCheckpointException Unsupported(string key, string why) => new($"{Where(key)} is {Shown(key)}: {why}");

    private JsonElement? Find(string key) => _members.TryGetValue(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private string Shown(string key) => Find(key) is { } value ? MessageText.Of(value.GetRawText()) : "left out";

    private string Where(string key) => $"{_where}: {MessageText.Of(key)}";

    private static bool IsWhole(JsonElement value, int least, int most, out int whole)
    {
        whole = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out whole) && whole >= least && whole <= most;
    }

    private static bool IsNumber(JsonElement value, out double number)
    {
        number = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out number) && double.IsFinite(number);
    }

    private static string WholeExpected(int least, int most) => string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}");
}

/// <summary>Writes a configuration file as people and Python read it: indented JSON.</summary>
internal static class ConfigFile
{
    private static readonly JsonSerializerOptions _options = new() { WriteIndented = true };

    internal static void Write(Stream stream, JsonObject settings)
    {
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        settings.WriteTo(writer, _options);
    }
}
