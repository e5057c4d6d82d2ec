// Networks, images and runs that the tests of the vectorized encoder share.
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
        var tokens = empty([images.size(0), kept, encoder.Network.Architecture.EmbeddingDimension]);
        encoder.Encode(images.data<float>().ToArray(), (int)images.size(0), kept, FloatBuffer.Address(tokens), merged);
        return tokens;
    }
}
