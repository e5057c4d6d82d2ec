// Tries every function of the binding; each rank prints one line.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Distributed;

namespace Microsoft.ML.VisionTransformer.MpiWorker;

internal static class Collectives
{
    private const int Length = 5_700_000;

    internal static void Run()
    {
        var group = ProcessGroup.Required;
        int rank = group.Rank, size = group.Size, ranks = size * (size - 1) / 2;
        float[] floats = [.. Enumerable.Range(0, Length).Select(i => (float)(i % 1000 + rank))];
        group.Sum(floats);
        Expect(floats.Index().All(v => v.Item == v.Index % 1000 * size + ranks), "sum of floats");
        double[] doubles = [rank, 0.5];
        group.Sum(doubles);
        Expect(doubles is [var d, var half] && d == ranks && half == 0.5 * size, "sum of doubles");
        long[] longs = [rank + (1L << 40)];
        group.Sum(longs);
        Expect(longs[0] == ranks + size * (1L << 40), "sum of longs");
        Expect(group.Max(rank) == size - 1, "maximum");
        byte[] bytes = [(byte)(rank + 7)];
        group.Broadcast(bytes, from: size - 1);
        Expect(bytes[0] == size + 6, "broadcast");
        string[] texts = group.Gather(new string('x', rank));
        Expect(texts.Index().All(t => t.Item.Length == t.Index) && texts.Length == size, "gather");
        Expect(ThrowsNormally(), "an exception of the runtime's own after MPI's start");
        group.Barrier();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rank {DistributedRun.Rank} of {DistributedRun.Size}: all right with {group.Library}"));
    }

    /// <summary>The first rank ends in error while the others wait for it.</summary>
    internal static int EndDifferently()
    {
        var group = ProcessGroup.Required;
        if (group.IsMain)
            return 3;
        group.Barrier();
        return 0;
    }

    /// <summary>The last rank is busy with something else for ever.</summary>
    internal static void WaitForOneThatDoesNotCome()
    {
        var group = ProcessGroup.Required;
        group.Barrier();
        if (group.Rank == group.Size - 1)
            Thread.Sleep(Timeout.Infinite);
        group.Barrier();
    }

    private static void Expect(bool holds, string what)
    {
        if (!holds)
            throw new InvalidOperationException($"wrong: {what}");
    }

    /// <summary>The runtime makes exceptions of signals, for which MPI libraries have handlers too.</summary>
    private static bool ThrowsNormally()
    {
        string? nothing = Environment.GetEnvironmentVariable("NO_SUCH_VARIABLE");
        try
        {
            return nothing!.Length < 0;
        }
        catch (NullReferenceException)
        {
            return true;
        }
    }
}
