// What a cancelled training leaves behind.
namespace Microsoft.ML.VisionTransformer;

/// <summary>What <c>Fit</c> does when it is told to stop.</summary>
public enum CancellationHandling
{
    /// <summary>Throws an <see cref="OperationCanceledException"/>.</summary>
    Throw,

    /// <summary>Returns the best model so far. A run that has not finished its first step has none and throws.</summary>
    ReturnBest,
}
