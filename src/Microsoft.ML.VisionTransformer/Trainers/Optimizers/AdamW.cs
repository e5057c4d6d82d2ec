// The optimiser of Vision Transformers, on flat buffers.
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>
/// AdamW (arXiv:1711.05101, algorithm 2) as PyTorch has it: the weight is first multiplied by 1 - rate * decay, then moved by
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
