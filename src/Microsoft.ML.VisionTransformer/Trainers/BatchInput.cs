// A batch's images as a tensor.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

internal static class BatchInput
{
    /// <summary>[Count, channels, height, width] on a device.</summary>
    internal static Tensor Of(TrainingBatch batch, VisionTransformerArchitecture architecture, Device device) =>
        tensor(batch.Inputs, [batch.Count, architecture.Channels, architecture.ImageSize.Height, architecture.ImageSize.Width], device: device);
}
