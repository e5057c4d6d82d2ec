// The optimizers: AdamW, and stochastic gradient descent with momentum, on flat buffers.
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Training.Optimizers;

/// <summary>Updates flat parameters from their gradients.</summary>
/// <param name="parameters">Parameters and gradients; owned by the caller.</param>
internal abstract class FlatOptimizer(FlatParameters parameters) : IDisposable
{
    /// <summary>Updates done.</summary>
    internal long Steps { get; set; }

    /// <summary>The state that the next update depends on besides the parameters: tensors [n] under unique names.</summary>
    internal abstract IReadOnlyList<(string Name, Tensor Values)> State { get; }

    protected FlatParameters Parameters { get; } = parameters;

    /// <summary>The optimizer that an option names; each has the settings that its own documentation lists.</summary>
    internal static FlatOptimizer Create(TrainingOptimizer kind, FlatParameters parameters, double weightDecay, double momentum, double beta2, bool nesterov) => kind switch
    {
        TrainingOptimizer.AdamW => new AdamW(parameters, weightDecay, momentum, beta2),
        TrainingOptimizer.Sgd => new Sgd(parameters, weightDecay, momentum, nesterov),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such optimizer."),
    };

    /// <summary>One update. The gradients are undefined afterward.</summary>
    /// <param name="rate">The learning rate, before the scale of each group.</param>
    internal void Step(double rate)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        Steps++;
        Update(rate);
    }

    public abstract void Dispose();

    protected abstract void Update(double rate);

    /// <summary>
    /// A factor rounded to float32. One out of range becomes infinite, and so do the parameters, which <see cref="TrainingStep.RefuseBrokenWeights"/>
    /// detects; libtorch's own conversion throws an error that names no option.
    /// </summary>
    protected static double Single(double factor) => (float)factor;
}

/// <summary>
/// AdamW (arXiv:1711.05101, algorithm 2) as in PyTorch: the weight is first multiplied by 1 - rate * decay, then reduced by
/// rate / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + epsilon), epsilon 1e-8.
/// </summary>
internal sealed class AdamW : FlatOptimizer
{
    private const double Epsilon = 1e-8;
    private const int Values = 0, Mean = 1;

    private readonly double _weightDecay;
    private readonly double _beta1;
    private readonly double _beta2;
    private readonly GroupView[] _groups;
    private readonly Tensor _mean;
    private readonly Tensor _square;

    internal AdamW(FlatParameters parameters, double weightDecay, double beta1 = 0.9, double beta2 = 0.999)
        : base(parameters)
    {
        (_weightDecay, _beta1, _beta2) = (weightDecay, beta1, beta2);
        _mean = zeros_like(parameters.Values).DetachFromDisposeScope();
        _square = zeros_like(parameters.Values).DetachFromDisposeScope();
        _groups = [.. parameters.Groups.Select(group => new GroupView(group, parameters.Values, _mean))];
    }

    internal override IReadOnlyList<(string Name, Tensor Values)> State => [("adamw.mean", _mean), ("adamw.square", _square)];

    protected override void Update(double rate)
    {
        var gradients = Parameters.Gradients;
        _mean.TimesInPlace(_beta1).PlusInPlace(gradients, 1 - _beta1);
        _square.TimesInPlace(_beta2).PlusProductInPlace(gradients, gradients, 1 - _beta2);
        var denominator = _square.sqrt().TimesInPlace(1 / Math.Sqrt(1 - Math.Pow(_beta2, Steps))).PlusInPlace(Epsilon);
        foreach (var view in _groups)
        {
            double own = rate * view.Group.RateScale;
            if (_weightDecay > 0 && view.Group.Decays)
                view[Values].TimesInPlace(Single(1 - own * _weightDecay));
            view[Values].PlusQuotientInPlace(
                view[Mean], denominator.narrow(0, view.Group.Start, view.Group.Length), Single(-own / (1 - Math.Pow(_beta1, Steps))));
        }
    }

    public override void Dispose()
    {
        foreach (var view in _groups)
            view.Dispose();
        _mean.Dispose();
        _square.Dispose();
    }
}

/// <summary>
/// As in PyTorch: g = gradient + decay * weight, b = momentum * b + g, and the weight moves by -rate * b, or with Nesterov momentum by
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
