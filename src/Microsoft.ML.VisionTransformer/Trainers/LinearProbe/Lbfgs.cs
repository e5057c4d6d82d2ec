// Minimises a smooth function of many numbers.
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Value and gradient at a point; the gradient is the caller's to dispose.</summary>
internal delegate double SmoothFunction(Tensor point, out Tensor gradient);

/// <summary>
/// Limited-memory BFGS (Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", 1989) with a backtracking line search that asks for
/// sufficient decrease (Nocedal and Wright, "Numerical Optimization", algorithms 3.1 and 7.5).
/// </summary>
internal sealed class Lbfgs : IDisposable
{
    private const int Memory = 10, MostHalvings = 40;
    private const double SufficientDecrease = 1e-4;

    private readonly SmoothFunction _function;
    private readonly List<(Tensor Step, Tensor Change, double Curvature)> _memory = [];
    private Tensor _gradient;

    /// <summary>Begins at a copy of the point, [n].</summary>
    internal Lbfgs(SmoothFunction function, Tensor start)
    {
        _function = function;
        Point = start.clone().DetachFromDisposeScope();
        Value = function(Point, out _gradient);
        _gradient.DetachFromDisposeScope();
    }

    /// <summary>The best point so far, [n].</summary>
    internal Tensor Point { get; private set; }

    /// <summary>The function there.</summary>
    internal double Value { get; private set; }

    /// <summary>Length of the gradient there.</summary>
    internal double GradientNorm => Math.Sqrt(Dot(_gradient, _gradient));

    /// <summary>One step downhill; false where rounding leaves no further descent.</summary>
    internal bool Step()
    {
        using var scope = NewDisposeScope();
        var direction = Direction();
        double slope = Dot(direction, _gradient);
        double length = _memory.Count == 0 ? Math.Min(1, 1 / Math.Max(GradientNorm, double.Epsilon)) : 1;
        for (int halving = 0; halving < MostHalvings; halving++, length /= 2)
        {
            var point = Point.clone().PlusInPlace(direction, length);
            double value = _function(point, out var gradient);
            if (value <= Value + SufficientDecrease * length * slope)
            {
                MoveTo(point, value, gradient);
                return true;
            }

            gradient.Dispose();
        }

        return false;
    }

    public void Dispose()
    {
        Point.Dispose();
        _gradient.Dispose();
        foreach (var (step, change, _) in _memory)
        {
            step.Dispose();
            change.Dispose();
        }
    }

    /// <summary>Minus the gradient times the estimate of the inverse curvature.</summary>
    private Tensor Direction()
    {
        var direction = _gradient.neg();
        double[] projections = new double[_memory.Count];
        for (int i = _memory.Count - 1; i >= 0; i--)
        {
            projections[i] = Dot(_memory[i].Step, direction) / _memory[i].Curvature;
            direction.PlusInPlace(_memory[i].Change, -projections[i]);
        }

        if (_memory.Count > 0)
        {
            var (_, change, curvature) = _memory[^1];
            direction.TimesInPlace(curvature / Dot(change, change));
        }

        for (int i = 0; i < _memory.Count; i++)
            direction.PlusInPlace(_memory[i].Step, projections[i] - Dot(_memory[i].Change, direction) / _memory[i].Curvature);
        return direction;
    }

    private void MoveTo(Tensor point, double value, Tensor gradient)
    {
        var step = point.clone().PlusInPlace(Point, -1);
        var change = gradient.clone().PlusInPlace(_gradient, -1);
        double curvature = Dot(step, change);
        // Rounding near the minimum can turn the curvature of a convex function around; such a pair would spoil the estimate.
        if (curvature > 1e-14)
            _memory.Add((step.DetachFromDisposeScope(), change.DetachFromDisposeScope(), curvature));
        if (_memory.Count > Memory)
        {
            _memory[0].Step.Dispose();
            _memory[0].Change.Dispose();
            _memory.RemoveAt(0);
        }

        Point.Dispose();
        _gradient.Dispose();
        (Point, _gradient, Value) = (point.DetachFromDisposeScope(), gradient.DetachFromDisposeScope(), value);
    }

    private static double Dot(Tensor x, Tensor y)
    {
        using var product = x.dot(y);
        return product.item<double>();
    }
}
