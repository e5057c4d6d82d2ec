// What a classifier is, apart from its weights.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>Everything that a model file says of a classifier, apart from the weights.</summary>
internal sealed record ModelDescription(
    VisionTransformerArchitecture Architecture,
    ImagePreprocessing Preprocessing,
    ClassLabels Labels,
    ColumnNames Columns,
    TrainingHistory? History)
{
    /// <summary>Far wider than any calibration goes; beyond them logits could overflow, and scores would be no numbers.</summary>
    private const double LeastTemperature = 1e-3, TemperatureBound = 1e3;

    private readonly double _temperature = 1;

    /// <summary>What logits are divided by before the softmax; 1 leaves them as they are.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not in [0.001, 1000).</exception>
    internal double Temperature
    {
        get => _temperature;
        init => _temperature = CheckTemperature(value);
    }

    /// <exception cref="ArgumentOutOfRangeException">It is not in [0.001, 1000).</exception>
    internal static double CheckTemperature(double temperature) =>
        Guard.InRange(temperature, LeastTemperature, TemperatureBound, nameof(Temperature));
}
