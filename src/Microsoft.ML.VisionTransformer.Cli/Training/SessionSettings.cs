// The settings of a training, put together from where they lie.
using Microsoft.ML.VisionTransformer.Cli.Settings;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Training;

/// <param name="Values">All that was set, with paths that do not depend on the current folder.</param>
/// <param name="Folder">Where the run is kept.</param>
/// <param name="Resumes">Whether it goes on.</param>
internal sealed record SessionSettings(IReadOnlyDictionary<string, SettingValue> Values, RunFolder Folder, bool Resumes)
{
    /// <summary>The command line wins over the configuration file, and both over what an interrupted run had.</summary>
    /// <exception cref="UsageException">It is not said which run to go on with.</exception>
    /// <exception cref="InvalidDataException">There is no such run.</exception>
    internal static SessionSettings Of(IReadOnlyDictionary<string, SettingValue> typed, string? config, bool resume)
    {
        Dictionary<string, SettingValue> values = config is null ? [] : ConfigFile.Read(config, TrainSettings.All);
        Add(values, typed);
        string? workspace = Text(values, "workspace"), model = Text(values, "out");
        if (workspace is null && model is null)
            throw new UsageException(resume ? "--resume needs --out (the model that the training was to write) or --workspace." : "--out is missing: the file that the model goes to, such as flowers.zip.");
        var folder = RunFolder.Of(workspace, model ?? "");
        if (resume)
        {
            var before = folder.ReadSettings();
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

    private static void Add(Dictionary<string, SettingValue> values, IReadOnlyDictionary<string, SettingValue> stronger)
    {
        foreach (var (name, value) in stronger)
            values[name] = value;
    }

    private static string? Text(Dictionary<string, SettingValue> values, string name) => values.TryGetValue(name, out var value) ? value.Text : null;
}
