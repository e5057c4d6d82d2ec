// Reads settings from JSON configuration files with type and range checks, and writes configuration files.
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Checkpoints.Configs;

/// <summary>One object of a configuration file. A null setting counts as missing, because Python writes None as null.</summary>
internal sealed class JsonSettings
{
    /// <summary>Largest width, depth or side that is accepted: ten times the largest in any published network.</summary>
    internal const int MaxSize = 65_536;

    private const int MaxBytes = 16 << 20;
    private readonly string _where;
    private readonly Dictionary<string, JsonElement> _members;

    private JsonSettings(JsonElement element, string where) => (_where, _members) = (where, StrictJson.Members(element, where));

    /// <summary>An empty object.</summary>
    internal static JsonSettings Empty { get; } = Parse("{}"u8.ToArray(), "");

    /// <summary>Names of the settings, in file order.</summary>
    internal IEnumerable<string> Names => _members.Keys;

    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="InvalidCheckpointException">The file is too large, not valid JSON, or not an object.</exception>
    internal static JsonSettings Load(string path)
    {
        long length = new FileInfo(path).Length;
        return length <= MaxBytes
            ? Parse(File.ReadAllBytes(path), path)
            : throw new InvalidCheckpointException(
                $"{path} has {length} bytes; a configuration may have at most {MaxBytes}, so this is not one. Pass the checkpoint's own configuration.");
    }

    /// <exception cref="InvalidCheckpointException">The text is not valid JSON, or not an object.</exception>
    internal static JsonSettings Parse(ReadOnlyMemory<byte> utf8, string where)
    {
        using var document = StrictJson.Parse(utf8, where);
        return new JsonSettings(document.RootElement.Clone(), where);
    }

    /// <summary>Whether the setting is present and not null.</summary>
    internal bool Has(string key) => Find(key) is not null;

    internal int Integer(string key, int standard, int least = 1, int most = MaxSize)
    {
        if (Find(key) is not { } value)
            return standard;
        return IsInteger(value, least, most, out int number) ? number : throw Wrong(key, IntegerExpected(least, most));
    }

    /// <param name="key">The setting.</param>
    /// <param name="standard">The default value.</param>
    /// <param name="allowed">Returns whether a finite number is allowed.</param>
    /// <param name="expected">The allowed values, for the error message.</param>
    internal double Number(string key, double standard, Func<double, bool> allowed, string expected)
    {
        if (Find(key) is not { } value)
            return standard;
        return IsNumber(value, out double number) && allowed(number) ? number : throw Wrong(key, expected);
    }

    internal bool Boolean(string key, bool standard) => Find(key) is not { } value ? standard : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(key, "true or false"),
    };

    internal string? Text(string key) => Find(key) is { } value ? StrictJson.Text(value, Where(key)) : null;

    /// <summary>The strings of a list; empty if it is missing.</summary>
    internal IReadOnlyList<string> Texts(string key)
    {
        if (Find(key) is not { } value)
            return [];
        return value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(item => StrictJson.Text(item, Where(key)))]
            : throw Wrong(key, "a list of strings");
    }

    /// <summary>The numbers of a list, or a single number; null if the setting is missing.</summary>
    internal IReadOnlyList<double>? Values(string key, Func<double, bool> allowed, string expected)
    {
        if (Find(key) is not { } value)
            return null;
        JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        return [.. items.Select(item => IsNumber(item, out double number) && allowed(number) ? number : throw Wrong(key, expected))];
    }

    /// <summary>One size for a square, or a list of height and width.</summary>
    internal ImageDimensions Dimensions(string key, ImageDimensions standard)
    {
        if (Find(key) is not { } value)
            return standard;
        JsonElement[] sides = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value, value];
        return sides.Length == 2 && IsInteger(sides[0], 1, MaxSize, out int height) && IsInteger(sides[1], 1, MaxSize, out int width)
            ? new ImageDimensions(height, width)
            : throw Wrong(key, $"{IntegerExpected(1, MaxSize)}, or a list of two (height, width),");
    }

    internal bool IsList(string key) => Find(key) is { ValueKind: JsonValueKind.Array };

    internal bool IsText(string key) => Find(key) is { ValueKind: JsonValueKind.String };

    /// <summary>A nested object; null if it is missing.</summary>
    internal JsonSettings? Object(string key) => Find(key) is { } value ? new JsonSettings(value, Where(key)) : null;

    /// <summary>Whether the setting is an object, and its settings. For settings that may also be a number.</summary>
    internal bool Object(string key, [NotNullWhen(true)] out JsonSettings? settings) =>
        (settings = Find(key) is { ValueKind: JsonValueKind.Object } ? Object(key) : null) is not null;

    /// <summary>Creates the error for an invalid value.</summary>
    internal InvalidCheckpointException Wrong(string key, string expected) =>
        new($"{Where(key)} is {Shown(key)}, but {expected} is expected; correct the file or download it again.");

    /// <summary>Creates the error for a valid value that is not supported.</summary>
    internal InvalidCheckpointException Unsupported(string key, string why) => new($"{Where(key)} is {Shown(key)}: {why}");

    private JsonElement? Find(string key) => _members.TryGetValue(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private string Shown(string key) => Find(key) is { } value ? MessageText.Of(value.GetRawText()) : "missing";

    private string Where(string key) => $"{_where}: {MessageText.Of(key)}";

    private static bool IsInteger(JsonElement value, int least, int most, out int number)
    {
        number = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out number) && number >= least && number <= most;
    }

    private static bool IsNumber(JsonElement value, out double number)
    {
        number = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out number) && double.IsFinite(number);
    }

    private static string IntegerExpected(int least, int most) => string.Create(CultureInfo.InvariantCulture, $"an integer from {least} to {most}");
}

/// <summary>Writes a configuration file as indented JSON.</summary>
internal static class ConfigFile
{
    private static readonly JsonSerializerOptions _options = new() { WriteIndented = true };

    internal static void Write(Stream stream, JsonObject settings)
    {
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        settings.WriteTo(writer, _options);
    }
}
