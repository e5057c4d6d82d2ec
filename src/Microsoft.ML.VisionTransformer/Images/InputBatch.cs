// Prepares the images of a batch in parallel.
using System.Runtime.ExceptionServices;

namespace Microsoft.ML.VisionTransformer.Images;

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
