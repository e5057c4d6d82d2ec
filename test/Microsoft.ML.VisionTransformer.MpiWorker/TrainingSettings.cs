// What a training job is told on its command line.
using System.Globalization;

namespace Microsoft.ML.VisionTransformer.MpiWorker;

/// <summary>Settings of the form key=value; what is not given has its default.</summary>
internal sealed class TrainingSettings
{
    private readonly Dictionary<string, string> _values;

    private TrainingSettings(Dictionary<string, string> values) => _values = values;

    /// <summary>Rows of a batch of one process.</summary>
    internal int Batch => Number("batch", 4);

    internal int Epochs => Number("epochs", 2);

    /// <summary>Images of each of the three classes.</summary>
    internal int PerClass => Number("rows", 10);

    internal int Accumulation => Number("accumulation", 1);

    internal int Seed => Number("seed", 1);

    /// <summary>plain, noise (dropout and stochastic depth), mixing, average, sgd, bf16 or probe.</summary>
    internal string Kind => Text("kind", "plain");

    /// <summary>A folder for checkpoints.</summary>
    internal string? Workspace => _values.GetValueOrDefault("workspace");

    /// <summary>Where the first process writes losses and weights.</summary>
    internal string? Result => _values.GetValueOrDefault("result");

    /// <summary>A pretrained model.</summary>
    internal string? Pretrained => _values.GetValueOrDefault("pretrained");

    /// <summary>The rank that one of the mishaps below befalls.</summary>
    internal int Unlucky => Number("unlucky", -1);

    /// <summary>other-options, other-data, heavy-row, broken-image; throws and cancels befall the first rank, which has the callback.</summary>
    internal string Mishap => Text("mishap", "none");

    /// <summary>The step at which the callback throws or cancels, from 1.</summary>
    internal int Step => Number("step", 2);

    /// <summary>None, Linear, Root.</summary>
    internal LearningRateScaling Scaling => Enum.Parse<LearningRateScaling>(Text("scaling", "None"));

    internal bool Off => Text("distributed", "Auto") == "Off";

    internal static TrainingSettings Parse(IEnumerable<string> settings) =>
        new(settings.Select(setting => setting.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]));

    private int Number(string key, int standard) => _values.TryGetValue(key, out string? value) ? int.Parse(value, CultureInfo.InvariantCulture) : standard;

    private string Text(string key, string standard) => _values.GetValueOrDefault(key, standard);
}
