// Multinomial logistic regression on features: the objective of the linear probe.
using Microsoft.ML.VisionTransformer.Common;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Microsoft.ML.VisionTransformer.Training.LinearProbe;

/// <summary>
/// Weighted mean cross-entropy of softmax(W x + b) plus lambda / 2 times the sum of the squares of W; b is not penalized. Convex: training finds the
/// global minimum. (scikit-learn's C is 1 / (lambda rows).) All values are float64.
/// </summary>
/// <param name="data">The rows.</param>
/// <param name="penalty">lambda.</param>
internal sealed class LogisticRegression(FeatureMatrix data, double penalty)
{
    /// <summary>Gradient norm at which the fit has converged.</summary>
    internal const double Tolerance = 1e-6;

    /// <summary>Number of values of a head: W [classes, D] in row-major order, then b [classes].</summary>
    internal int Length => ArrayLength.Of(data.Classes, data.Dimension + 1L, "the weights of a head", "Choose FineTune, or fewer classes");

    /// <summary>Minimizes the objective.</summary>
    /// <param name="start">Starting point, [n]; null for zero.</param>
    /// <param name="iterations">Maximum number of steps.</param>
    /// <param name="tolerance">Gradient norm at which the fit has converged.</param>
    /// <param name="report">Called with the number and the point of each step; null for none.</param>
    /// <returns>The head, [n].</returns>
    internal double[] Fit(double[]? start, int iterations, double tolerance = Tolerance, Action<int, double[]>? report = null)
    {
        using var mode = no_grad();
        var search = new Lbfgs(Objective, start ?? new double[Length]);
        for (int step = 1; step <= iterations && search.GradientNorm > tolerance && search.Step(); step++)
            report?.Invoke(step, search.Point);
        return search.Point;
    }

    /// <summary>Logits [rows, classes] of a head on features [rows, D].</summary>
    internal static Tensor Logits(Tensor features, double[] head, int classes)
    {
        using var scope = NewDisposeScope();
        var (weight, bias) = Split(head, classes, (int)features.size(1));
        return features.matmul(weight.t()).PlusInPlace(bias).MoveToOuterDisposeScope();
    }

    /// <summary>W [classes, D] and b [classes] of a head.</summary>
    internal static (Tensor Weight, Tensor Bias) Split(double[] head, int classes, int dimension) =>
        (tensor(head.AsMemory(0, classes * dimension), [classes, dimension], device: CPU), tensor(head.AsMemory(classes * dimension), [classes], device: CPU));

    /// <summary>The objective and its gradient.</summary>
    internal double Objective(double[] head, double[] gradient)
    {
        int weights = data.Classes * data.Dimension;
        double loss = 0;
        Array.Clear(gradient);
        data.ForEach((features, first, targets) => loss += AddLoss(features, first, targets, head, gradient));
        var weight = head.AsSpan(0, weights);
        TensorPrimitives.MultiplyAdd(weight, penalty, gradient.AsSpan(0, weights), gradient.AsSpan(0, weights));
        return loss + penalty / 2 * TensorPrimitives.SumOfSquares<double>(weight);
    }

    /// <summary>The loss of some rows; adds its gradient.</summary>
    private double AddLoss(Tensor features, int first, Tensor targets, double[] head, double[] gradient)
    {
        int weights = data.Classes * data.Dimension, rows = (int)targets.size(0);
        var rowWeights = tensor(data.RowWeights.AsMemory(first, rows), [rows], device: CPU);
        var logs = Logits(features, head, data.Classes).log_softmax(1);
        var index = targets.unsqueeze(1);
        double loss = -logs.gather(1, index).squeeze(1).dot(rowWeights).item<double>();

        // d loss / d logits: (probability - 1 at the true class) times the row's normalized weight.
        var residual = logs.exp();
        residual.scatter_add_(1, index, ones_like(index, dtype: ScalarType.Float64).neg());
        residual = residual.mul(rowWeights.unsqueeze(1));
        Add(residual.t().matmul(features), gradient.AsSpan(0, weights));
        Add(residual.sum([0L]), gradient.AsSpan(weights));
        return loss;
    }

    private static void Add(Tensor part, Span<double> sum) => TensorPrimitives.Add(sum, part.data<double>().ToArray(), sum);
}
