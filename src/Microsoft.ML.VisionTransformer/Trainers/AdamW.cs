// The optimiser, on flat buffers.
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>
/// AdamW (arXiv:1711.05101, algorithm 2) as PyTorch has it: the weight is first multiplied by 1 - rate * decay, then moved by
/// rate / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + epsilon). beta1 0.9, beta2 0.999, epsilon 1e-8.
/// </summary>
internal sealed class AdamW : IDisposable
{
    private const double Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;

    private readonly FlatParameters _parameters;
    private readonly double _weightDecay;
    private readonly Slice[] _slices;
    private readonly Tensor _mean;
    private readonly Tensor _square;
    private int _steps;

    internal AdamW(FlatParameters parameters, double weightDecay)
    {
        _parameters = parameters;
        _weightDecay = weightDecay;
        _mean = zeros_like(parameters.Values);
        _square = zeros_like(parameters.Values);
        _slices = [.. parameters.Groups.Select(group => new Slice(group, parameters.Values, _mean))];
    }

    /// <summary>Scales the gradients down to an L2 norm of <paramref name="most"/> where it is larger, by most / (norm + 1e-6) as PyTorch does; returns the norm before.</summary>
    internal double ClipGradients(double most)
    {
        using var scope = NewDisposeScope();
        double norm = _parameters.Gradients.norm().item<float>();
        double factor = most / (norm + 1e-6);
        if (factor < 1)
            _parameters.Gradients.TimesInPlace(factor);
        return norm;
    }

    /// <summary>Moves the parameters along their gradients.</summary>
    internal void Step(double rate)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        _steps++;
        var gradients = _parameters.Gradients;
        _mean.TimesInPlace(Beta1).PlusInPlace(gradients, 1 - Beta1);
        _square.TimesInPlace(Beta2).PlusProductInPlace(gradients, gradients, 1 - Beta2);
        var denominator = _square.sqrt().TimesInPlace(1 / Math.Sqrt(1 - Math.Pow(Beta2, _steps))).PlusInPlace(Epsilon);
        foreach (var slice in _slices)
        {
            double own = rate * slice.Group.RateScale;
            if (_weightDecay > 0 && slice.Group.Decays)
                slice.Values.TimesInPlace(1 - own * _weightDecay);
            slice.Values.PlusQuotientInPlace(
                slice.Mean, denominator.narrow(0, slice.Group.Start, slice.Group.Length), -own / (1 - Math.Pow(Beta1, _steps)));
        }
    }

    public void Dispose()
    {
        foreach (var slice in _slices)
            slice.Dispose();
        _mean.Dispose();
        _square.Dispose();
    }

    /// <summary>Views of the values and their first moments for one group.</summary>
    private sealed class Slice(ParameterGroup group, Tensor values, Tensor mean) : IDisposable
    {
        internal ParameterGroup Group => group;

        internal Tensor Values { get; } = values.narrow(0, group.Start, group.Length).DetachFromDisposeScope();

        internal Tensor Mean { get; } = mean.narrow(0, group.Start, group.Length).DetachFromDisposeScope();

        public void Dispose()
        {
            Values.Dispose();
            Mean.Dispose();
        }
    }
}
