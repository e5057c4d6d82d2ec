// Replaces the library's names in messages by the names of command-line options.
using System.Text.RegularExpressions;

namespace Microsoft.ML.VisionTransformer.Cli.Settings;

/// <summary>
/// The library's messages name what a programmer sets: "Strategy is FineTune and PretrainedModel is null". On the command line that is
/// "--strategy is fine-tune and --pretrained is not given".
/// </summary>
internal static partial class OptionNames
{
    private static readonly Dictionary<string, string> _options = Options();

    private static readonly HashSet<string> _values = [.. new[]
    {
        typeof(TrainingStrategy), typeof(TokenPooling), typeof(PositionEmbedding), typeof(TrainingPrecision), typeof(TrainingOptimizer), typeof(TrainingSchedule),
        typeof(LearningRateScaling), typeof(ClassWeighting), typeof(ImageResizing), typeof(ImageInterpolation), typeof(InvalidImageHandling),
        typeof(DistributedTraining), typeof(VisionTransformerTrainer.EarlyStoppingMetric), typeof(TrainingLogs),
    }.SelectMany(Enum.GetNames)];

    /// <summary>The message of a training with the names of options; hints about properties without an option are left out.</summary>
    internal static string InMessage(string message)
    {
        string text = message.Replace("a ValidationSet, or ", "", StringComparison.Ordinal).Replace(" VisionTransformerArchitecture.Known lists all names.", "", StringComparison.Ordinal);
        text = WithoutPropertyHints(text, keep: name => _options.ContainsKey(name));
        text = QualifiedName().Replace(text, match => _options.TryGetValue(match.Groups["name"].Value, out string? option) ? option : match.Value);
        text = CompoundName().Replace(text, match =>
            _options.TryGetValue(match.Value, out string? option) ? option : _values.Contains(match.Value) ? SettingValue.Kebab(match.Value) : match.Value);
        text = SingleName().Replace(text, match => _options.TryGetValue(match.Groups["name"].Value, out string? option) ? match.Groups["before"].Value + option : match.Value);
        text = ValueOfOption().Replace(text, match => match.Groups["start"].Value + (_values.Contains(match.Groups["value"].Value) ? SettingValue.Kebab(match.Groups["value"].Value) : match.Groups["value"].Value));
        text = Assignment().Replace(text, "${option} ${value}");
        return NotGiven().Replace(text, "${option} is not given");
    }

    /// <summary>The message without advice such as ", or set ImagePreprocessing.AllowTruncated to ...", which no option of the command corresponds to.</summary>
    internal static string WithoutPropertyHints(string message) => WithoutPropertyHints(message, keep: _ => false);

    private static string WithoutPropertyHints(string message, Func<string, bool> keep) =>
        PropertyHint().Replace(message, match => keep(match.Groups["name"].Value) ? match.Value : "").Replace(" smaller, leave it out.", " smaller, or leave it out.", StringComparison.Ordinal);

    private static Dictionary<string, string> Options()
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        string[] ordinaryWords = ["data", "out", "seed", "report"];
        foreach (var setting in TrainSettings.All.Where(s => !ordinaryWords.Contains(s.Name)))
        {
            if (setting.Field is { } field)
                options[field] = setting.Option;
            options.TryAdd(string.Concat(setting.Name.Split('-').Select(part => char.ToUpperInvariant(part[0]) + part[1..])), setting.Option);
        }

        return options;
    }

    /// <summary>Name of a property after that of its type: ImagePreprocessing.AllowTruncated.</summary>
    [GeneratedRegex(@"\b(ImagePreprocessing|TrainingAugmentations|VisionTransformerArchitecture|Options|Augmentation|Preprocessing|Arch)\.(?<name>[A-Z][A-Za-z0-9]*)\b")]
    private static partial Regex QualifiedName();

    /// <summary>A name of several words: PretrainedModel.</summary>
    [GeneratedRegex(@"\b[A-Z][a-z]+[0-9]*([A-Z][a-z0-9]+)+\b")]
    private static partial Regex CompoundName();

    /// <summary>A name of one word, where it cannot be an ordinary word that starts a sentence.</summary>
    [GeneratedRegex(@"(?<before>^|[.;:,] |\b(?:[Ss]et|[Rr]aise|[Ll]ower|and|or|with|of) )(?<name>[A-Z][a-z]+[0-9]?)(?= (?:is|was|must|to|and|or)\b|; |\. (?=[A-Z]))")]
    private static partial Regex SingleName();

    /// <summary>The value after an option.</summary>
    [GeneratedRegex(@"(?<start>--[a-z0-9-]+ (?:is|was|to) )(?<value>[A-Z][A-Za-z0-9]*)\b")]
    private static partial Regex ValueOfOption();

    [GeneratedRegex(@"(?<option>--[a-z0-9-]+) = ""(?<value>[^""]*)""")]
    private static partial Regex Assignment();

    [GeneratedRegex(@"(?<option>--[a-z0-9-]+) is null")]
    private static partial Regex NotGiven();

    [GeneratedRegex(@",? or (?:set|raise) (?:ImagePreprocessing|Preprocessing)\.(?<name>[A-Z][A-Za-z0-9]*)[^.,;]*")]
    private static partial Regex PropertyHint();
}
