// Makes parameters that wait for their numbers.
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

internal static class UnsetParameter
{
    /// <summary>A float32 parameter in main memory with undefined values, owned by its module alone, whatever dispose scope is open.</summary>
    internal static Parameter Of(params long[] shape)
    {
        var parameter = new Parameter(empty(shape, dtype: ScalarType.Float32, device: CPU));
        parameter.DetachFromDisposeScope();
        return parameter;
    }
}
