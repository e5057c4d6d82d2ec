// The address of a tensor's values.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Benchmarks;

internal static unsafe class TensorAddress
{
    /// <summary>Address of the values of a contiguous float32 tensor in main memory; valid until the tensor is disposed.</summary>
    internal static float* Of(Tensor tensor)
    {
        fixed (byte* first = tensor.bytes)
            return (float*)first;
    }
}
