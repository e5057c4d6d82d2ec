// Batches of network input: prepares images in parallel, in training and in scoring.
using System.Runtime.ExceptionServices;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Images.Preprocessing;

namespace Microsoft.ML.VisionTransformer.Images.Input;

/// <summary>Network input of a batch, [count, channels, height, width].</summary>
internal static class InputBatch
{
    /// <summary>Prepares the input of a batch, images in parallel.</summary>
    /// <param name="count">Number of images.</param>
    /// <param name="preprocessor">Prepares the images and defines the length of an input.</param>
    /// <param name="write">Writes each input; called on several threads.</param>
    /// <param name="advice">What to do if the batch exceeds the maximum array length; without a period.</param>
    /// <param name="stop">Cancels the preparation.</param>
    /// <exception cref="NotSupportedException">The batch exceeds the maximum array length.</exception>
    /// <exception cref="InvalidImageException">An image cannot be read; the error is that of the first one.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was canceled.</exception>
    internal static float[] Prepare(int count, ImagePreprocessor preprocessor, InputWriter write, string advice, CancellationToken stop = default)
    {
        int length = preprocessor.Length;
        float[] inputs = new float[ArrayLength.Of(count, length, "the images of a batch", advice)];
        ParallelImages.For(count, i => write(i, inputs.AsSpan(i * length, length)), stop);
        return inputs;
    }
}

/// <summary>Writes one input of a batch.</summary>
/// <param name="index">Its position in the batch.</param>
/// <param name="chw">Receives the input, [channels, height, width].</param>
internal delegate void InputWriter(int index, Span<float> chw);

/// <summary>Runs work on images in parallel.</summary>
internal static class ParallelImages
{
    /// <summary>
    /// All processors except one: batches are prepared while the network computes, and its threads synchronize at every operation. With all
    /// processors, training a small network on two processors was 20% slower.
    /// </summary>
    private static readonly int _workers = Math.Max(1, Environment.ProcessorCount - 1);

    /// <summary>Runs the work for 0 .. count - 1 and rethrows the original error of the first index that failed.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was canceled; no image is started after that.</exception>
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
