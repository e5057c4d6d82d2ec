// How the steps of an image are split among threads.
using Microsoft.ML.VisionTransformer.Scoring.Vectorized;

namespace Microsoft.ML.VisionTransformer.Tests.Scoring.Vectorized;

[TestClass]
public sealed class FusedJobTests : IDisposable
{
    private const int Steps = 200, Units = 37;

    private readonly FusedMemory _memory = new(new FusedShape(new VisionTransformerArchitecture { ImageSize = 32, PatchSize = 16, EmbeddingDimension = 32, Depth = 1, Heads = 2, Classes = 3 }));

    public void Dispose() => _memory.Dispose();

    [TestMethod]
    public void EveryUnitIsDoneOnce_AndAStepEndsBeforeTheNextBegins()
    {
        var job = new FusedJob();
        var own = _memory.TakeScratch();
        var helpers = Enumerable.Range(0, 3).Select(_ => Task.Run(() => Help(job))).ToArray();
        for (int step = 0; step < Steps; step++)
        {
            int[] done = new int[Units];
            job.Run(Units, own, (unit, _) => Interlocked.Increment(ref done[unit]));
            Assert.IsTrue(done.All(times => times == 1), $"step {step}: {string.Join(' ', done)}");
        }

        job.End();
        Assert.IsTrue(Task.WaitAll(helpers, TimeSpan.FromSeconds(30)), "the helpers leave");
        Assert.AreEqual(0, job.Helpers);
        _memory.Return(own);
    }

    [TestMethod]
    public void NobodyWaitsForAHelper()
    {
        var job = new FusedJob();
        var own = _memory.TakeScratch();
        int done = 0;
        job.Run(Units, own, (_, _) => done++);
        Assert.AreEqual(Units, done);
        job.End();
        Help(job);
        _memory.Return(own);
    }

    [TestMethod]
    [DataRow(1, 4)]
    [DataRow(3, 2)]
    [DataRow(8, 3)]
    public void EveryImageIsWorkedOnOnce_HoweverManyThreads(int images, int threads)
    {
        int[] done = new int[images * Units];
        new FusedThreads(threads, images, maxPerImage: threads).ForEachImage(
            _memory, (image, job, own) => job.Run(Units, own, (unit, _) => Interlocked.Increment(ref done[(image * Units) + unit])));
        Assert.IsTrue(done.All(times => times == 1), string.Join(' ', done));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(4)]
    public void AnErrorEndsTheCall_WhicheverThreadMeetsIt(int threads)
    {
        int inside = 0, left = -1;
        var error = Assert.Throws<Exception>(() => new FusedThreads(threads, 1, maxPerImage: threads).ForEachImage(_memory, (_, job, own) =>
        {
            try
            {
                job.Run(Units, own, (unit, _) =>
                {
                    Interlocked.Increment(ref inside);
                    Thread.Yield();
                    Interlocked.Decrement(ref inside);
                    if (unit == Units / 2)
                        throw new InvalidOperationException("no more");
                });
            }
            finally
            {
                left = Volatile.Read(ref inside);
            }
        }));
        Assert.Contains("no more", error.ToString());
        Assert.AreEqual(0, left, "units in progress when the step was over");
    }

    private void Help(FusedJob job)
    {
        var scratch = _memory.TakeScratch();
        job.Help(scratch);
        _memory.Return(scratch);
    }
}
