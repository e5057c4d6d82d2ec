// Stochastic gradient descent with momentum, on flat buffers.
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>
/// As PyTorch has it: g = gradient + decay * weight, b = momentum * b + g, and the weight moves by -rate * b, or with Nesterov's look-ahead by
/// -rate * (g + momentum * b) (Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013).
/// </summary>
internal sealed class Sgd : FlatOptimizer
{
    private const int Values = 0, Gradients = 1, Velocity = 2;

    private readonly double _weightDecay;
    private readonly double _momentum;
    private readonly bool _nesterov;
    private readonly GroupView[] _groups;
    private readonly Tensor _velocity;

    internal Sgd(FlatParameters parameters, double weightDecay, double momentum = 0.9, bool nesterov = true)
        : base(parameters)
    {
        (_weightDecay, _momentum, _nesterov) = (weightDecay, momentum, nesterov);
        _velocity = zeros_like(parameters.Values).DetachFromDisposeScope();
        _groups = [.. parameters.Groups.Select(group => new GroupView(group, parameters.Values, parameters.Gradients, _velocity))];
    }

    internal override IReadOnlyList<(string Name, Tensor Values)> State => [("sgd.velocity", _velocity)];

    protected override void Update(double rate)
    {
        foreach (var view in _groups)
        {
            if (_weightDecay > 0 && view.Group.Decays)
                view[Gradients].PlusInPlace(view[Values], _weightDecay);
            view[Velocity].TimesInPlace(_momentum).PlusInPlace(view[Gradients]);
            if (_nesterov)
                view[Gradients].PlusInPlace(view[Velocity], _momentum);
            view[Values].PlusInPlace(view[_nesterov ? Gradients : Velocity], Single(-rate * view.Group.RateScale));
        }
    }

    public override void Dispose()
    {
        foreach (var view in _groups)
            view.Dispose();
        _velocity.Dispose();
    }
}
