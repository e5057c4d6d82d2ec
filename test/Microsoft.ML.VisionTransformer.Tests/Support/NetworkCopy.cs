// Copies a network.

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class NetworkCopy
{
    /// <summary>A copy in evaluation mode; the caller or its new owner disposes it.</summary>
    internal static VisionTransformerNetwork Of(VisionTransformerNetwork network)
    {
        var copy = new VisionTransformerNetwork(network.Architecture);
        copy.load_state_dict(network.state_dict());
        copy.eval();
        return copy;
    }
}
