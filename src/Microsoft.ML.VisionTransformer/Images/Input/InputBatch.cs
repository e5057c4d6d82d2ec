// Batches of network input: images are prepared in parallel and become one tensor, in training as in scoring.
using System.Runtime.ExceptionServices;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Images.Input;

/// <summary>Input [count, channels, height, width] of some images.</summary>
internal static class InputBatch
{
    /// <summary>Prepares the input of a batch, images in parallel.</summary>
    /// <param name="count">How many images.</param>
    /// <param name="preprocessor">What prepares them; it says how long an input is.</param>
    /// <param name="write">Writes each input; called on several threads.</param>
    /// <param name="advice">What to do where no array is so long; without a full stop.</param>
    /// <param name="stop">Ends it early.</param>
    /// <exception cref="NotSupportedException">No array holds the batch.</exception>
    /// <exception cref="InvalidImageException">An image cannot be read: the first of them.</exception>
    /// <exception cref="OperationCanceledException">Told to stop.</exception>
    internal static float[] Prepare(int count, ImagePreprocessor preprocessor, InputWriter write, string advice, CancellationToken stop = default)
    {
        int length = preprocessor.Length;
        float[] inputs = new float[ArrayLength.Of(count, length, "the images of a batch", advice)];
        ParallelImages.For(count, i => write(i, inputs.AsSpan(i * length, length)), stop);
        return inputs;
    }

    /// <summary>The batch as a tensor on a device.</summary>
    internal static Tensor ToTensor(Memory<float> inputs, int count, VisionTransformerArchitecture architecture, Device device) =>
        tensor(inputs, [count, architecture.Channels, architecture.ImageSize.Height, architecture.ImageSize.Width], device: device);
}

/// <summary>Writes one input of a batch.</summary>
/// <param name="index">Its place in the batch.</param>
/// <param name="chw">Where it goes, [channels, height, width].</param>
internal delegate void InputWriter(int index, Span<float> chw);

/// <summary>Runs work on images in parallel.</summary>
internal static class ParallelImages
{
    /// <summary>
    /// All processors but one: batches are prepared while the network computes, and its threads wait for each other at every operation. With
    /// all of them, training of a small network on two processors was a fifth slower.
    /// </summary>
    private static readonly int _workers = Math.Max(1, Environment.ProcessorCount - 1);

    /// <summary>Runs the work for 0 .. count - 1 and throws the error of the first index that failed, as it was thrown.</summary>
    /// <exception cref="OperationCanceledException">Told to stop; no image is begun after that.</exception>
    internal static void For(int count, Action<int> work, CancellationToken stop = default)
    {
        var errors = new ExceptionDispatchInfo?[count];
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = _workers, CancellationToken = stop }, i =>
        {
#pragma warning disable CA1031 // Rethrown below, in the order of the rows.
            try
            {
                work(i);
            }
            catch (Exception e)
            {
                errors[i] = ExceptionDispatchInfo.Capture(e);
            }
#pragma warning restore CA1031
        });
        Array.Find(errors, e => e is not null)?.Throw();
    }
}
