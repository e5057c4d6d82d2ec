// Makes parameters that wait for their numbers.
using System.Runtime.InteropServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

internal static class UnsetParameter
{
    /// <summary>A float32 parameter in main memory with undefined values, owned by its module alone, whatever dispose scope is open.</summary>
    /// <exception cref="InsufficientMemoryException">The machine does not have the memory.</exception>
    internal static Parameter Of(params long[] shape)
    {
        var parameter = new Parameter(Allocate(shape));
        parameter.DetachFromDisposeScope();
        return parameter;
    }

    /// <summary>libtorch reports a lack of memory with a stack trace of its own code.</summary>
    private static Tensor Allocate(long[] shape)
    {
        try
        {
            return empty(shape, dtype: ScalarType.Float32, device: CPU);
        }
        catch (ExternalException e)
        {
            throw new InsufficientMemoryException(
                $"A weight of the shape [{string.Join(", ", shape)}] needs {shape.Aggregate(4.0, (bytes, size) => bytes * size) / 1e9:F1} GB of memory, which this machine does not have free. " +
                "Take a smaller network or a larger machine.",
                e);
        }
    }
}
