// A network's blocks in 16-bit brain floats, beside the network itself.
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Transformers;

/// <summary>Computed by libtorch, whose oneDNN has products for what the processor has: AVX512_BF16, AMX. Several threads may call it at once.</summary>
internal sealed class BFloat16Copy : IDisposable
{
    private readonly VisionTransformerNetwork _network;

    /// <param name="network">It is taken over and its weights are rounded; where that fails it is disposed.</param>
    internal BFloat16Copy(VisionTransformerNetwork network)
    {
        using var mode = no_grad();
        _network = network;
        try
        {
            _network.to(ScalarType.BFloat16);
            _network.eval();
        }
        catch
        {
            _network.Dispose();
            throw;
        }
    }

    /// <summary>Images [N, C, H, W] to their first tokens [N, kept, D], float32.</summary>
    internal Tensor Tokens(Tensor images, int kept)
    {
        using var scope = NewDisposeScope();
        var tokens = _network.ForwardFeatures(images.to(ScalarType.BFloat16));
        return tokens.narrow(1, 0, kept).to(ScalarType.Float32).contiguous().MoveToOuterDisposeScope();
    }

    public void Dispose() => _network.Dispose();
}
