// Sample images as network input, for tests that compute the expected output of a transformer themselves.
using Microsoft.ML.VisionTransformer.Images.Decoding;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class NetworkInputs
{
    /// <summary>The samples with that preprocessing, [N, channels, height, width].</summary>
    internal static Tensor Of(ImagePreprocessing preprocessing, IReadOnlyList<ColoredSample> samples)
    {
        var converter = new ImagePreprocessor(preprocessing);
        float[] values = new float[samples.Count * converter.Length];
        for (int i = 0; i < samples.Count; i++)
            converter.ForPrediction(ImageDecoder.Decode(samples[i].Image, "sample"), values.AsSpan(i * converter.Length, converter.Length));
        return tensor(values, [samples.Count, preprocessing.Mean.Count, preprocessing.Size.Height, preprocessing.Size.Width]);
    }
}
