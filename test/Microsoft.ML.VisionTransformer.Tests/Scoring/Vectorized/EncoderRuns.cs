// Networks, images and runs that the tests of the vectorized encoder share.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Scoring.Vectorized;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring.Vectorized;

internal static class EncoderRuns
{
    /// <summary>A network in evaluation mode; the caller disposes it.</summary>
    internal static VisionTransformerNetwork CreateNetwork(VisionTransformerArchitecture architecture)
    {
        var network = new VisionTransformerNetwork(architecture, seed: 3);
        network.eval();
        return network;
    }

    /// <summary>An encoder with the weights of a network, which is disposed.</summary>
    internal static FusedEncoder EncoderOf(VisionTransformerNetwork network)
    {
        using (network)
            return new FusedEncoder(network.CopyWeights());
    }

    /// <summary>Random values from -2 to 2, [count, channels, height, width].</summary>
    internal static Tensor RandomImages(VisionTransformerArchitecture architecture, int count)
    {
        var random = new Random(1);
        float[] values = new float[count * architecture.Channels * architecture.ImageSize.Height * architecture.ImageSize.Width];
        foreach (ref float value in values.AsSpan())
            value = (random.NextSingle() * 4) - 2;
        return tensor(values, [count, architecture.Channels, architecture.ImageSize.Height, architecture.ImageSize.Width]);
    }

    /// <summary>The first <paramref name="kept"/> tokens of each image.</summary>
    internal static unsafe Tensor Encode(FusedEncoder encoder, Tensor images, int kept, int merged = 0)
    {
        int count = (int)images.size(0), dimension = encoder.Architecture.EmbeddingDimension;
        using var tokens = new FloatBuffer((long)count * kept * dimension);
        encoder.Encode(images.data<float>().ToArray(), count, kept, tokens.Start, merged);
        return tensor(tokens.Values.ToArray(), [count, kept, dimension]);
    }
}
