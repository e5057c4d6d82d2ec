// Keeps a copy of the best weights so far.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Keeps the weights of the best <see cref="ValidationResult"/>.</summary>
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
        using var scope = NewDisposeScope();
        if (Values is null)
            Values = values.clone().DetachFromDisposeScope();
        else
            Values.copy_(values);
    }

    public void Dispose() => Values?.Dispose();
}
