// The folder in which an interrupted training waits.
using Microsoft.ML.VisionTransformer.Cli.Settings;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Training;

/// <summary>
/// It holds the trainer's checkpoint and, as a configuration file, the settings of the run; these are there exactly as long as the run has not ended, so that
/// <c>--resume</c> needs nothing but the folder.
/// </summary>
internal sealed class RunFolder
{
    private const string SettingsName = "train.json", CheckpointName = "training-checkpoint.safetensors", PreviousName = "training-checkpoint.previous.safetensors", LockName = "training.lock";

    private RunFolder(string path) => Path = path;

    internal string Path { get; }

    private string SettingsPath => System.IO.Path.Combine(Path, SettingsName);

    /// <summary>The folder that was given, or the one beside the model: flowers.zip has flowers.training.</summary>
    internal static RunFolder Of(string? given, string model) => new(System.IO.Path.GetFullPath(given ?? System.IO.Path.ChangeExtension(model, ".training")));

    /// <summary>The settings of the run that was interrupted.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    internal Dictionary<string, SettingValue> ReadSettings() => File.Exists(SettingsPath)
        ? ConfigFile.Read(SettingsPath, TrainSettings.All)
        : throw new InvalidDataException($"There is nothing to go on with: {ShownPath.Of(Path)} holds no training that was interrupted.");

    /// <summary>Keeps a new training out of the folder of one that has not ended.</summary>
    /// <exception cref="InvalidOperationException">There is one.</exception>
    internal void RefuseOther(bool resumes, string model)
    {
        if (!resumes && File.Exists(SettingsPath))
        {
            throw new InvalidOperationException(
                $"{ShownPath.Of(Path)} holds a training that has not ended. Go on with it: {Tool.Name} train --resume --out {model}. Or delete the folder to begin anew.");
        }
    }

    internal void Begin(IReadOnlyDictionary<string, SettingValue> values)
    {
        Directory.CreateDirectory(Path);
        ConfigFile.Write(SettingsPath, values.OrderBy(pair => pair.Key, StringComparer.Ordinal));
    }

    /// <summary>After an error: without a checkpoint there is nothing to go on from, and the folder shall not be in the way of the next try.</summary>
    internal void ForgetUnlessBegun()
    {
        if (!File.Exists(System.IO.Path.Combine(Path, CheckpointName)))
            End();
    }

    /// <summary>The run has ended: what only it needed goes, logs stay.</summary>
    internal void End()
    {
        foreach (string name in new[] { SettingsName, CheckpointName, PreviousName, LockName })
            File.Delete(System.IO.Path.Combine(Path, name));
        if (Directory.Exists(Path) && !Directory.EnumerateFileSystemEntries(Path).Any())
            Directory.Delete(Path);
    }
}
