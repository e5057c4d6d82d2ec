// Reads the values of a tensor in a state dictionary.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class StateValues
{
    /// <summary>A copy of all values, row-major, in float32.</summary>
    internal static float[] Of(Tensor tensor)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }
}
