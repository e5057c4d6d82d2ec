// The workspace of a training: its settings and checkpoint until the training is finished.
using Microsoft.ML.VisionTransformer.Cli.Settings;
using Microsoft.ML.VisionTransformer.Cli.Shell;

namespace Microsoft.ML.VisionTransformer.Cli.Training;

/// <summary>
/// Holds the trainer's checkpoint and the settings of the run as a configuration file. The settings exist exactly while the run is unfinished, so
/// <c>--resume</c> needs only the folder.
/// </summary>
internal sealed class RunFolder
{
    private const string SettingsName = "train.json", CheckpointName = "training-checkpoint.safetensors", PreviousName = "training-checkpoint.previous.safetensors", LockName = "training.lock";

    private RunFolder(string path) => Path = path;

    internal string Path { get; }

    private string SettingsPath => System.IO.Path.Combine(Path, SettingsName);

    /// <summary>The given folder; by default a folder next to the model: flowers.training for flowers.zip.</summary>
    internal static RunFolder Of(string? given, string model) => new(System.IO.Path.GetFullPath(given ?? System.IO.Path.ChangeExtension(model, ".training")));

    /// <summary>The settings of the interrupted run.</summary>
    /// <exception cref="InvalidDataException">The folder has no interrupted run.</exception>
    internal Dictionary<string, SettingValue> ReadSettings() => File.Exists(SettingsPath)
        ? ConfigFile.Read(SettingsPath, TrainSettings.All)
        : throw new InvalidDataException($"There is nothing to resume: {DisplayPath.Of(Path)} has no interrupted training run. Leave out --resume to start a new one.");

    /// <summary>Throws if the folder has an unfinished training.</summary>
    /// <exception cref="InvalidOperationException">It has one.</exception>
    internal void ThrowIfUnfinished(string model)
    {
        if (File.Exists(SettingsPath))
        {
            throw new InvalidOperationException(
                $"{DisplayPath.Of(Path)} has an unfinished training run. Resume it: {Tool.Name} train --resume --out {DisplayPath.Argument(model)}. Or add --force to start over.");
        }
    }

    internal void Begin(IReadOnlyDictionary<string, SettingValue> values)
    {
        Directory.CreateDirectory(Path);
        ConfigFile.Write(SettingsPath, values.OrderBy(pair => pair.Key, StringComparer.Ordinal));
    }

    /// <summary>Cleans up after an error. Without a checkpoint there is nothing to resume, and the settings would block the next attempt.</summary>
    /// <returns>Whether the run's files were deleted.</returns>
    internal bool DeleteUnlessCheckpointed()
    {
        bool delete = !File.Exists(System.IO.Path.Combine(Path, CheckpointName));
        if (delete)
            End();
        return delete;
    }

    /// <summary>Deletes the folder if nothing is in it.</summary>
    internal void DeleteIfEmpty()
    {
        if (Directory.Exists(Path) && !Directory.EnumerateFileSystemEntries(Path).Any())
            Directory.Delete(Path);
    }

    /// <summary>Deletes the files of a finished run; logs are kept.</summary>
    internal void End()
    {
        if (!Directory.Exists(Path))
            return;
        foreach (string name in new[] { SettingsName, CheckpointName, PreviousName, LockName })
            File.Delete(System.IO.Path.Combine(Path, name));
        DeleteIfEmpty();
    }
}
