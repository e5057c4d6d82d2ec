// Minimizes a smooth function of many variables by L-BFGS.
using System.Numerics.Tensors;

namespace Microsoft.ML.VisionTransformer.Training.LinearProbe;

/// <summary>
/// Limited-memory BFGS (Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", 1989) with a backtracking line search that requires
/// sufficient decrease (Nocedal and Wright, "Numerical Optimization", algorithms 3.1 and 7.5).
/// </summary>
internal sealed class Lbfgs
{
    private const int Memory = 10, MostHalvings = 40;
    private const double SufficientDecrease = 1e-4;

    private readonly SmoothFunction _function;
    private readonly List<(double[] Step, double[] Change, double Curvature)> _memory = [];
    private double[] _gradient;

    /// <summary>Starts at a copy of the point, [n].</summary>
    internal Lbfgs(SmoothFunction function, double[] start)
    {
        _function = function;
        Point = [.. start];
        _gradient = new double[start.Length];
        Value = function(Point, _gradient);
    }

    /// <summary>The best point so far, [n].</summary>
    internal double[] Point { get; private set; }

    /// <summary>The value of the function at <see cref="Point"/>.</summary>
    internal double Value { get; private set; }

    /// <summary>L2 norm of the gradient at <see cref="Point"/>.</summary>
    internal double GradientNorm => TensorPrimitives.Norm<double>(_gradient);

    /// <summary>One descent step; false if rounding allows no further descent.</summary>
    internal bool Step()
    {
        double[] direction = Direction();
        double slope = TensorPrimitives.Dot<double>(direction, _gradient);
        double length = _memory.Count == 0 ? Math.Min(1, 1 / Math.Max(GradientNorm, double.Epsilon)) : 1;
        double[] point = new double[Point.Length], gradient = new double[Point.Length];
        for (int halving = 0; halving < MostHalvings; halving++, length /= 2)
        {
            TensorPrimitives.MultiplyAdd(direction, length, Point, point);
            double value = _function(point, gradient);
            if (value <= Value + SufficientDecrease * length * slope)
            {
                MoveTo(point, value, gradient);
                return true;
            }
        }

        return false;
    }

    /// <summary>The search direction: minus the estimated inverse Hessian times the gradient.</summary>
    private double[] Direction()
    {
        double[] direction = new double[_gradient.Length];
        TensorPrimitives.Negate(_gradient, direction);
        double[] projections = new double[_memory.Count];
        for (int i = _memory.Count - 1; i >= 0; i--)
        {
            projections[i] = TensorPrimitives.Dot<double>(_memory[i].Step, direction) / _memory[i].Curvature;
            TensorPrimitives.MultiplyAdd(_memory[i].Change, -projections[i], direction, direction);
        }

        if (_memory.Count > 0)
        {
            var (_, change, curvature) = _memory[^1];
            TensorPrimitives.Multiply(direction, curvature / TensorPrimitives.Dot<double>(change, change), direction);
        }

        for (int i = 0; i < _memory.Count; i++)
        {
            double correction = projections[i] - TensorPrimitives.Dot<double>(_memory[i].Change, direction) / _memory[i].Curvature;
            TensorPrimitives.MultiplyAdd(_memory[i].Step, correction, direction, direction);
        }

        return direction;
    }

    private void MoveTo(double[] point, double value, double[] gradient)
    {
        double[] step = new double[point.Length], change = new double[point.Length];
        TensorPrimitives.Subtract(point, Point, step);
        TensorPrimitives.Subtract(gradient, _gradient, change);
        double curvature = TensorPrimitives.Dot<double>(step, change);
        // Rounding near the minimum can make the curvature of a convex function negative; such a pair would corrupt the estimate.
        if (curvature > 1e-14)
            _memory.Add((step, change, curvature));
        if (_memory.Count > Memory)
            _memory.RemoveAt(0);
        (Point, _gradient, Value) = (point, gradient, value);
    }
}

/// <summary>Returns the value at a point and writes the gradient, which has the length of the point.</summary>
internal delegate double SmoothFunction(double[] point, double[] gradient);
