// One setting of a training: its name on the command line and in a configuration file, and what it sets.
namespace Microsoft.ML.VisionTransformer.Cli.Settings;

/// <param name="Name">As typed, without the dashes.</param>
/// <param name="Value">What to type behind it, for the help; null for a switch that needs none.</param>
/// <param name="Help">What it means, with its default.</param>
/// <param name="Apply">Sets it.</param>
/// <param name="Field">The field of the trainer's options that it sets, to find it in the trainer's messages; null where there is none.</param>
internal sealed record Setting(string Name, string? Value, string Help, Action<TrainRequest, SettingValue> Apply, string? Field = null)
{
    internal string Option => $"--{Name}";

    /// <summary>Whether it names a file or folder.</summary>
    internal bool IsPath => Value is "folder" or "model.zip" or "file.html" or "model";
}
