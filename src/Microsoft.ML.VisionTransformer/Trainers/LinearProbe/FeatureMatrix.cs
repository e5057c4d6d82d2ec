// The features of some rows, with their classes and weights.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Rows as a linear probe sees them, in main memory and 64-bit numbers.</summary>
internal sealed class FeatureMatrix : IDisposable
{
    private FeatureMatrix(Tensor features, Tensor targets, Tensor weights, int classes)
    {
        Features = features.DetachFromDisposeScope();
        Targets = targets.DetachFromDisposeScope();
        Weights = weights.DetachFromDisposeScope();
        using var total = weights.sum();
        // Where every weight is 0 nothing is asked of the rows; shares of 0 say so.
        double sum = total.item<double>();
        Shares = (sum > 0 ? weights.div(total) : zeros_like(weights)).DetachFromDisposeScope();
        Classes = classes;
    }

    /// <summary>[rows, D].</summary>
    internal Tensor Features { get; }

    /// <summary>Class of each row, [rows].</summary>
    internal Tensor Targets { get; }

    /// <summary>Weight of each row, [rows].</summary>
    internal Tensor Weights { get; }

    /// <summary>Share of each row in the loss, [rows], sum 1.</summary>
    internal Tensor Shares { get; }

    internal int Classes { get; }

    internal int Rows => (int)Features.size(0);

    internal int Dimension => (int)Features.size(1);

    /// <summary>A matrix of numbers that lie row after row.</summary>
    internal static FeatureMatrix Of(float[] features, long[] targets, float[] weights, int classes)
    {
        using var scope = NewDisposeScope();
        return new FeatureMatrix(
            tensor(features, [targets.Length, features.Length / targets.Length]).to(ScalarType.Float64), tensor(targets), tensor(weights).to(ScalarType.Float64), classes);
    }

    /// <summary>The rows of those numbers.</summary>
    internal FeatureMatrix Take(long[] rows)
    {
        using var scope = NewDisposeScope();
        var index = tensor(rows);
        return new FeatureMatrix(Features.index_select(0, index), Targets.index_select(0, index), Weights.index_select(0, index), Classes);
    }

    /// <summary>These rows and others.</summary>
    internal FeatureMatrix With(FeatureMatrix others)
    {
        using var scope = NewDisposeScope();
        return new FeatureMatrix(cat([Features, others.Features]), cat([Targets, others.Targets]), cat([Weights, others.Weights]), Classes);
    }

    /// <summary>Weighted mean cross-entropy and accuracy of a head on these rows.</summary>
    internal (double Loss, double Accuracy) Judge(double[] head)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        var logits = LogisticRegression.Logits(this, head);
        double loss = -logits.log_softmax(1).gather(1, Targets.unsqueeze(1)).squeeze(1).dot(Shares).item<double>();
        return (loss, logits.argmax(1).eq(Targets).to(ScalarType.Float64).mean().item<double>());
    }

    /// <summary>The rows with the logits that a head gives them.</summary>
    internal JudgedRows Judged(double[] head)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        float[] logits = LogisticRegression.Logits(this, head).to(ScalarType.Float32).contiguous().data<float>().ToArray();
        return new JudgedRows(logits, Targets.data<long>().ToArray(), Weights.to(ScalarType.Float32).data<float>().ToArray(), Classes);
    }

    public void Dispose()
    {
        Features.Dispose();
        Targets.Dispose();
        Weights.Dispose();
        Shares.Dispose();
    }
}
