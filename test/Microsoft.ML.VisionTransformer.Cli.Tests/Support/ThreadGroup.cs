// Simulates a process group with threads.
using Microsoft.ML.VisionTransformer.Cli.Distributed;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Support;

internal sealed class ThreadGroup : IDisposable
{
    private readonly Barrier _barrier;
    private readonly byte[][] _answers;

    private ThreadGroup(int size)
    {
        _barrier = new Barrier(size);
        _answers = new byte[size][];
    }

    public void Dispose() => _barrier.Dispose();

    /// <summary>Runs the action once per rank, concurrently.</summary>
    internal static T[] Run<T>(int size, Func<ICommunicator, T> action)
    {
        using var group = new ThreadGroup(size);
        var tasks = Enumerable.Range(0, size).Select(rank => Task.Factory.StartNew(
            () => action(new Member(group, rank)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        return Task.WhenAll(tasks).GetAwaiter().GetResult();
    }

    private sealed class Member(ThreadGroup group, int rank) : ICommunicator
    {
        private static readonly TimeSpan _timeout = TimeSpan.FromMinutes(1);

        public int Rank => rank;

        public int Size => group._answers.Length;

        public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> own)
        {
            group._answers[rank] = own.ToArray();
            WaitForAll();
            byte[][] all = [.. group._answers];
            WaitForAll();
            return all;
        }

        private void WaitForAll()
        {
            if (!group._barrier.SignalAndWait(_timeout))
                throw new TimeoutException($"Rank {rank} timed out waiting for the other processes.");
        }
    }
}
