// Reads and writes settings as a JSON file.
using System.Globalization;
using System.Text.Json;
using Microsoft.ML.VisionTransformer.Cli.Inputs;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Settings;

/// <summary>
/// One object whose keys are setting names: <c>{ "epochs": 20, "learning-rate": 1e-4, "class-weights": { "daisy": 2 } }</c>. Comments are allowed.
/// </summary>
internal static class ConfigFile
{
    private static readonly JsonDocumentOptions _reading = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };

    private static readonly JsonWriterOptions _writing = new() { Indented = true };

    /// <summary>The values by setting name.</summary>
    /// <exception cref="UsageException">The file is missing or malformed, or a key is not a setting.</exception>
    internal static Dictionary<string, SettingValue> Read(string path, IReadOnlyList<Setting> known)
    {
        using var json = Parse(path);
        if (json.RootElement.ValueKind != JsonValueKind.Object)
            throw new UsageException($"{path} is not a JSON object; expected {{ \"epochs\": 20, ... }}.");
        var values = new Dictionary<string, SettingValue>(StringComparer.Ordinal);
        foreach (var property in json.RootElement.EnumerateObject())
        {
            if (!known.Any(setting => setting.Name == property.Name))
                throw new UsageException($"\"{MessageText.Of(property.Name)}\" in {path} is not a setting; did you mean \"{NearestName.To(property.Name, known.Select(s => s.Name))}\"?");
            if (property.Value.ValueKind != JsonValueKind.Null)
                values.Add(property.Name, new SettingValue($"\"{property.Name}\" in {path}", Text(property.Value)));
        }

        return values;
    }

    /// <summary>Writes a file that <see cref="Read"/> can read.</summary>
    internal static void Write(string path, IEnumerable<KeyValuePair<string, SettingValue>> values) => OutputFile.Write(path, stream =>
    {
        using var writer = new Utf8JsonWriter(stream, _writing);
        writer.WriteStartObject();
        foreach (var (name, value) in values)
            writer.WriteString(name, value.Text);
        writer.WriteEndObject();
    });

    private static JsonDocument Parse(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UsageException($"The configuration file {MessageText.OfPath(path)} {MissingPath.Describe(path)}.", e);
        }

        try
        {
            return JsonDocument.Parse(text, _reading);
        }
        catch (JsonException e)
        {
            throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"{path} is not valid JSON, in line {e.LineNumber + 1}: {e.Message.Split(" LineNumber:")[0].Split(" Path:")[0]}"), e);
        }
    }

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Array => string.Join(',', value.EnumerateArray().Select(Text)),
        JsonValueKind.Object => string.Join(',', value.EnumerateObject().Select(p => $"{p.Name}={Text(p.Value)}")),
        _ => value.GetRawText(),
    };
}
