// Keeps a copy of the best weights so far.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>What the weights of an epoch came to on the validation rows.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="IsAverage">Whether they are the running mean.</param>
/// <param name="Accuracy">Share of right answers.</param>
/// <param name="Loss">Cross-entropy.</param>
internal sealed record ValidationResult(int Epoch, bool IsAverage, double Accuracy, double Loss)
{
    /// <summary>Whether the accuracy is higher, or the same and the loss lower.</summary>
    internal bool IsBetterThan(ValidationResult other) => (Accuracy, -Loss).CompareTo((other.Accuracy, -other.Loss)) > 0;
}

/// <summary>Best means the highest validation accuracy; of equal ones the lower loss; of equal ones the first.</summary>
internal sealed class BestWeights : IDisposable
{
    /// <summary>The best so far; null before any was offered.</summary>
    internal ValidationResult? Result { get; private set; }

    /// <summary>Its weights, [n].</summary>
    internal Tensor? Values { get; private set; }

    /// <summary>Copies the weights if they are better than all before.</summary>
    internal void Offer(ValidationResult result, Tensor values)
    {
        if (Result is null || result.IsBetterThan(Result))
            Set(result, values);
    }

    /// <summary>Copies the weights, whatever was there.</summary>
    internal void Set(ValidationResult result, Tensor values)
    {
        Result = result;
        using var mode = no_grad();
        if (Values is null)
            Values = values.clone().DetachFromDisposeScope();
        else
            Values.copy_(values);
    }

    public void Dispose() => Values?.Dispose();
}
