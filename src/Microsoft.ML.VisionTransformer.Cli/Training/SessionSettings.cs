// The settings of a training, merged from the command line, the configuration file and the interrupted run.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Cli.Settings;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Training;

/// <param name="Values">All settings with a value; paths are absolute.</param>
/// <param name="Folder">The workspace of the run.</param>
/// <param name="Resumes">Whether the run resumes an interrupted one.</param>
internal sealed record SessionSettings(IReadOnlyDictionary<string, SettingValue> Values, RunFolder Folder, bool Resumes)
{
    /// <summary>The command line overrides the configuration file, and both override the settings of the interrupted run.</summary>
    /// <exception cref="UsageException">The settings have neither --out nor --workspace.</exception>
    /// <exception cref="InvalidDataException">There is no run to resume.</exception>
    internal static SessionSettings Of(IReadOnlyDictionary<string, SettingValue> typed, string? config, bool resume)
    {
        Dictionary<string, SettingValue> values = config is null ? [] : ConfigFile.Read(config, TrainSettings.All);
        Add(values, typed);
        foreach (var setting in TrainSettings.All.Where(s => s.IsPath))
        {
            if (values.TryGetValue(setting.Name, out var path) && string.IsNullOrWhiteSpace(path.Text))
                throw new UsageException($"{path.Source} is empty; it must be a {(setting.Value == "folder" ? "folder" : "file")}.");
        }

        string? workspace = Text(values, "workspace"), model = Text(values, "out");
        if (workspace is null && model is null)
            throw new UsageException(resume ? "--resume needs --out (the model file of the interrupted run) or --workspace." : "--out is missing: the model file to write, such as flowers.zip.");
        var folder = RunFolder.Of(workspace, model ?? "");
        if (resume)
        {
            var before = folder.ReadSettings();
            RefuseChangedSplit(before, values);
            Add(before, values);
            values = before;
        }

        values["workspace"] = new SettingValue("--workspace", folder.Path);
        foreach (var setting in TrainSettings.All.Where(s => s.IsPath))
        {
            if (values.TryGetValue(setting.Name, out var value) && (setting.Name != "pretrained" || Path.Exists(value.Text)) && value.Text.Length > 0)
                values[setting.Name] = value with { Text = Path.GetFullPath(value.Text) };
        }

        return new SessionSettings(values, folder, resume);
    }

    /// <summary>These settings choose the training images, which a resumed run must keep.</summary>
    private static void RefuseChangedSplit(Dictionary<string, SettingValue> before, Dictionary<string, SettingValue> now)
    {
        foreach (var (name, standard) in new (string, IFormattable)[] { ("seed", TrainRequest.DefaultSeed), ("test-fraction", TrainRequest.DefaultTestFraction) })
        {
            string old = Text(before, name) ?? standard.ToString(null, CultureInfo.InvariantCulture);
            if (now.TryGetValue(name, out var value) && value.Text != old)
                throw new UsageException($"{value.Source} was {old} and is {MessageText.Of(value.Text)}; a resumed training keeps its images, so leave it out.");
        }
    }

    private static void Add(Dictionary<string, SettingValue> values, IReadOnlyDictionary<string, SettingValue> stronger)
    {
        foreach (var (name, value) in stronger)
            values[name] = value;
    }

    private static string? Text(Dictionary<string, SettingValue> values, string name) => values.TryGetValue(name, out var value) ? value.Text : null;
}
