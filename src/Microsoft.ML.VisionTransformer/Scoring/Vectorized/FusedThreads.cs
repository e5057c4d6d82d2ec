// Distributes the images of one call among threads.

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// Each thread processes whole images, which needs no synchronization, while any are left. Threads that find none help with the images in progress; with
/// a batch of one, all threads work on that image.
/// </summary>
/// <param name="threads">The maximum number of threads.</param>
/// <param name="images">The number of images.</param>
/// <param name="maxPerImage">How many threads can usefully work on one image.</param>
internal sealed class FusedThreads(int threads, int images, int maxPerImage)
{
    private readonly FusedJob[] _jobs = [.. Enumerable.Range(0, images).Select(_ => new FusedJob())];
    private int _started;

    /// <summary>Runs the work for every image.</summary>
    /// <param name="memory">Provides each thread's scratch memory.</param>
    /// <param name="work">Receives the image's index, its job, and the scratch memory of the thread that owns the job.</param>
    internal void ForEachImage(FusedMemory memory, Action<int, FusedJob, FusedScratch> work)
    {
        int degree = maxPerImage > 1 ? threads : Math.Min(threads, images);
        if (degree == 1)
            Work(memory, work);
        else
            Parallel.For(0, degree, new ParallelOptions { MaxDegreeOfParallelism = degree }, _ => Work(memory, work));
    }

    private void Work(FusedMemory memory, Action<int, FusedJob, FusedScratch> work)
    {
        var scratch = memory.TakeScratch();
        try
        {
            for (int image = Interlocked.Increment(ref _started); image <= images; image = Interlocked.Increment(ref _started))
                Own(image - 1, scratch, work);
            while (NextToHelp() is { } job)
                job.Help(scratch);
        }
        finally
        {
            memory.Return(scratch);
        }
    }

    private void Own(int image, FusedScratch scratch, Action<int, FusedJob, FusedScratch> work)
    {
        try
        {
            work(image, _jobs[image], scratch);
        }
        finally
        {
            _jobs[image].End();
        }
    }

    /// <summary>The job in progress with the fewest helpers; null if no job can use another one.</summary>
    private FusedJob? NextToHelp()
    {
        FusedJob? least = null;
        foreach (var job in _jobs)
        {
            if (!job.IsOver && job.Helpers < (least?.Helpers ?? maxPerImage - 1))
                least = job;
        }

        return least;
    }
}
