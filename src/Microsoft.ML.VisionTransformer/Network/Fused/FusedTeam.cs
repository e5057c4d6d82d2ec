// The threads of one call of the vector code, and how they share its images.
namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>Works on rows from tile to tile.</summary>
internal delegate void FusedRowWork(int first, int end, FusedScratch scratch);

/// <summary>
/// Each thread takes a whole image, with nothing to wait for, as long as there are as many left as threads; threads that find none help with those in progress. Where one
/// processor is slower than another, because somebody else needs it, the others wait no longer than a part of an image takes.
/// </summary>
/// <param name="threads">How many there may be.</param>
/// <param name="images">How many images there are.</param>
/// <param name="worth">How many threads one image is worth.</param>
internal sealed class FusedTeam(int threads, int images, int worth)
{
    private int _begun;
    private int _done;

    /// <summary>Threads for each image in progress.</summary>
    private int Helpers => Math.Clamp(threads / Math.Max(1, images - Volatile.Read(ref _done)), 1, worth);

    /// <summary>Runs the work for every image.</summary>
    internal void ForEachImage(Action<int> work) => Run(Math.Min(threads, images), _ =>
    {
        for (int image = Interlocked.Increment(ref _begun); image <= images; image = Interlocked.Increment(ref _begun))
        {
            work(image - 1);
            Interlocked.Increment(ref _done);
        }
    }, Math.Min(threads, images));

    /// <summary>Runs the work for 0 .. count - 1 on the threads that an image has now.</summary>
    internal void Run(int count, Action<int> work) => Run(count, work, Helpers);

    /// <summary>Shares an image's rows out, in whole tiles, and waits for all.</summary>
    internal void Share(int tiles, FusedWorkspace workspace, FusedRowWork work)
    {
        int parts = Math.Min(Helpers, tiles);
        workspace.Reserve(parts);
        Run(parts, part => work(tiles * part / parts * MatrixTile.Rows, tiles * (part + 1) / parts * MatrixTile.Rows, workspace.Scratch(part)), parts);
    }

    private static void Run(int count, Action<int> work, int threads)
    {
        if (threads > 1)
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, work);
            return;
        }

        for (int i = 0; i < count; i++)
            work(i);
    }
}
