// The exponential moving average (EMA) of the weights.
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.Optimizers;

/// <summary>
/// Exponential moving average (Polyak and Juditsky, 1992) with timm's rules: average = decay * average + (1 - decay) * weights after each update.
/// With a warm-up the decay of update n, from 1, is at most 1 - n^(-2/3): the first update copies the weights, and early weights lose influence
/// quickly.
/// </summary>
internal sealed class ExponentialMovingAverage : IDisposable
{
    private readonly FlatParameters _parameters;
    private readonly double _decay;
    private readonly bool _warmup;

    /// <summary>Starts from the current weights.</summary>
    internal ExponentialMovingAverage(FlatParameters parameters, double decay, bool warmup)
    {
        (_parameters, _decay, _warmup) = (parameters, decay, warmup);
        using var mode = no_grad();
        Values = parameters.Values.clone().DetachFromDisposeScope();
    }

    /// <summary>The exponential moving average, [n].</summary>
    internal Tensor Values { get; }

    /// <summary>Updates the average; call after each update of the weights.</summary>
    /// <param name="step">Number of the update of the weights, from 1.</param>
    internal void Update(long step)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        double decay = DecayAt(step);
        Values.TimesInPlace(decay).PlusInPlace(_parameters.Values, 1 - decay);
    }

    /// <summary>The decay of an update, from 1.</summary>
    internal double DecayAt(long step) => _warmup ? Math.Min(_decay, 1 - Math.Pow(step, -2.0 / 3)) : _decay;

    public void Dispose() => Values.Dispose();
}
