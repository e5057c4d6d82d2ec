// The background queue: order, errors, bounds, and stopping.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Tests.Common;

[TestClass]
public sealed class ReadAheadTests
{
    [TestMethod]
    public void ItemsArriveInOrder()
    {
        using var ahead = new ReadAhead<int>(Enumerable.Range(0, 1000), 3, "test");

        CollectionAssert.AreEqual(Enumerable.Range(0, 1000).ToArray(), All(ahead));
    }

    [TestMethod]
    public void AnErrorIsThrownAfterTheItemsBeforeIt()
    {
        using var ahead = new ReadAhead<int>(Failing(), 10, "test");

        Assert.IsTrue(ahead.TryTake(out int first));
        Assert.AreEqual(1, first);
        Assert.ThrowsExactly<InvalidTimeZoneException>(() => ahead.TryTake(out _));

        static IEnumerable<int> Failing()
        {
            yield return 1;
            throw new InvalidTimeZoneException();
        }
    }

    [TestMethod]
    public void NothingIsProducedBeforeItIsAskedForAndThenOnlySoFarAhead()
    {
        int produced = 0;
        using var ahead = new ReadAhead<int>(Counting(), 2, "test");
        Assert.AreEqual(0, Volatile.Read(ref produced));

        Assert.IsTrue(ahead.TryTake(out _));
        SpinWait.SpinUntil(() => Volatile.Read(ref produced) == 4, TimeSpan.FromSeconds(10));
        Thread.Sleep(50);

        Assert.AreEqual(4, Volatile.Read(ref produced), "one taken, two lie ready, one waits for room");

        IEnumerable<int> Counting()
        {
            while (true)
                yield return Interlocked.Increment(ref produced);
        }
    }

    [TestMethod]
    public void DisposingStopsAProducerThatWaits()
    {
        bool finished = false;
        var ahead = new ReadAhead<int>(Endless(), 1, "test");
        Assert.IsTrue(ahead.TryTake(out _));

        ahead.Dispose();

        Assert.IsTrue(finished);

        IEnumerable<int> Endless()
        {
            try
            {
                while (true)
                    yield return 1;
            }
            finally
            {
                finished = true;
            }
        }
    }

    [TestMethod]
    public void DisposingStopsAProducerWithinAnItemThatHeedsTheToken()
    {
        using var begun = new ManualResetEventSlim();
        var ahead = new ReadAhead<int>(OneAndThenWork, 1, "test");
        Assert.IsTrue(ahead.TryTake(out _));
        begun.Wait();

        ahead.Dispose();

        IEnumerable<int> OneAndThenWork(CancellationToken stop)
        {
            yield return 1;
            begun.Set();
            stop.WaitHandle.WaitOne();
            stop.ThrowIfCancellationRequested();
        }
    }

    [TestMethod]
    public void AWaitForAnItemEndsWhenTheRunIsCancelled()
    {
        using var ahead = new ReadAhead<int>(Never, 1, "test");

        Assert.ThrowsExactly<OperationCanceledException>(() => ahead.TryTake(out _, () => throw new OperationCanceledException()));

        static IEnumerable<int> Never(CancellationToken stop)
        {
            stop.WaitHandle.WaitOne();
            yield break;
        }
    }

    [TestMethod]
    public void ItemsArriveInOrderWhileTheConsumerChecksThatItIsAlive()
    {
        int checks = 0;
        using var ahead = new ReadAhead<int>(Slow(), 1, "test");
        var items = new List<int>();
        while (ahead.TryTake(out int item, () => checks++))
            items.Add(item);

        CollectionAssert.AreEqual(new[] { 1, 2 }, items);
        Assert.IsGreaterThan(0, checks);

        IEnumerable<int> Slow()
        {
            yield return 1;
            SpinWait.SpinUntil(() => Volatile.Read(ref checks) > 0);
            yield return 2;
        }
    }

    [TestMethod]
    public void DisposingWithoutTakingIsFine() => new ReadAhead<int>([1, 2], 1, "test").Dispose();

    [TestMethod]
    public void DisposingTwiceIsFine()
    {
        var ahead = new ReadAhead<int>([1, 2], 1, "test");
        ahead.TryTake(out _);

        ahead.Dispose();
        ahead.Dispose();
    }

    private static int[] All(ReadAhead<int> ahead)
    {
        var items = new List<int>();
        while (ahead.TryTake(out int item))
            items.Add(item);
        return [.. items];
    }
}
