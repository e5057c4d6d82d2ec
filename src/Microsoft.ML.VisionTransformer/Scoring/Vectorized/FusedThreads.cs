// The threads of one call of the vector code, and how they share its images.
namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// Each thread takes a whole image, with nothing to wait for, as long as there are any left; threads that find none help with those in progress, one image in a batch of one.
/// </summary>
/// <param name="threads">How many there may be.</param>
/// <param name="images">How many images there are.</param>
/// <param name="worth">How many threads one image is worth.</param>
internal sealed class FusedThreads(int threads, int images, int worth)
{
    private readonly FusedJob[] _jobs = [.. Enumerable.Range(0, images).Select(_ => new FusedJob())];
    private int _begun;

    /// <summary>Runs the work for every image.</summary>
    /// <param name="memory">Gives each thread its own.</param>
    /// <param name="work">Gets the image's number, its job and the memory of the thread that owns the job.</param>
    internal void ForEachImage(FusedMemory memory, Action<int, FusedJob, FusedScratch> work)
    {
        int most = worth > 1 ? threads : Math.Min(threads, images);
        if (most == 1)
            Work(memory, work);
        else
            Parallel.For(0, most, new ParallelOptions { MaxDegreeOfParallelism = most }, _ => Work(memory, work));
    }

    private void Work(FusedMemory memory, Action<int, FusedJob, FusedScratch> work)
    {
        var scratch = memory.TakeScratch();
        try
        {
            for (int image = Interlocked.Increment(ref _begun); image <= images; image = Interlocked.Increment(ref _begun))
                Own(image - 1, scratch, work);
            while (InNeed() is { } job)
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

    /// <summary>The image in progress that has the fewest helpers, where one more is worth it.</summary>
    private FusedJob? InNeed()
    {
        FusedJob? least = null;
        foreach (var job in _jobs)
        {
            if (!job.IsOver && job.Helpers < (least?.Helpers ?? worth - 1))
                least = job;
        }

        return least;
    }
}
