// A network with the weights of another.

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class NetworkCopy
{
    /// <summary>In evaluation mode; the caller disposes it, or what takes it over.</summary>
    internal static VisionTransformerNetwork Of(VisionTransformerNetwork network)
    {
        var copy = new VisionTransformerNetwork(network.Architecture);
        copy.load_state_dict(network.state_dict());
        copy.eval();
        return copy;
    }
}
