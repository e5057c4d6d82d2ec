// Reads the numbers of a tensor of the state.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class StateValues
{
    /// <summary>All values, row-major, as 32-bit floats: a copy.</summary>
    internal static float[] Of(Tensor tensor)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }
}
