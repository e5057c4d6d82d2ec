// Where the numbers of a layer norm lie.
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>Weight and bias of a layer norm by address.</summary>
internal readonly unsafe struct NormWeights(float* weight, float* bias, float epsilon)
{
    internal float* Weight { get; } = weight;

    internal float* Bias { get; } = bias;

    internal float Epsilon { get; } = epsilon;

    /// <summary>Whether there is such a norm.</summary>
    internal bool Exists => Weight != null;
}
