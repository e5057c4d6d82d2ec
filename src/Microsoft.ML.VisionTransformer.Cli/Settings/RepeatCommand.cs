// The command line of a training with given settings.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Settings;

internal static class RepeatCommand
{
    private const string SeedName = "seed";

    /// <summary>
    /// The settings as options, in the order of the help. Paths are relative to the current folder if they are inside it. The workspace is left out; it changes nothing in the model.
    /// </summary>
    /// <param name="settings">The settings.</param>
    /// <param name="forReport">Whether the command is for a report, which is shared: of a path outside the current folder it shows only the last name.</param>
    /// <param name="seed">The seed, if the settings have none. Default null: it is left out.</param>
    internal static string Of(IReadOnlyDictionary<string, SettingValue> settings, bool forReport, int? seed = null)
    {
        var words = new List<string> { Tool.Name, "train" };
        foreach (var setting in TrainSettings.All.Where(s => s.Name != "workspace"))
        {
            if (settings.TryGetValue(setting.Name, out var value))
                words.AddRange(Option(setting, value.Text, forReport));
            else if (setting.Name == SeedName && seed is { } chosen)
                words.AddRange(Option(setting, chosen.ToString(CultureInfo.InvariantCulture), forReport));
        }

        return string.Join(' ', words);
    }

    /// <summary>The seed that was given, or the default. The seed in the training history is another one, which ML.NET derives from it.</summary>
    internal static string SeedOf(IReadOnlyDictionary<string, SettingValue> settings) =>
        settings.TryGetValue(SeedName, out var value) ? value.Text : TrainRequest.DefaultSeed.ToString(CultureInfo.InvariantCulture);

    /// <summary>The value of a setting as a report shows it.</summary>
    internal static string Shown(Setting setting, string value)
    {
        if (!setting.IsPath || !Path.IsPathRooted(value))
            return value;
        string near = DisplayPath.Of(value);
        return Path.IsPathRooted(near) ? Path.GetFileName(Path.TrimEndingDirectorySeparator(value)) : near;
    }

    private static IEnumerable<string> Option(Setting setting, string value, bool forReport) =>
        setting.Value is null && bool.TryParse(value, out bool on) && on ? [setting.Option] : [setting.Option, Argument(setting, value, forReport)];

    private static string Argument(Setting setting, string value, bool forReport) =>
        forReport ? DisplayPath.Quoted(Shown(setting, value)) : setting.IsPath ? DisplayPath.Argument(value) : DisplayPath.Quoted(value);
}
