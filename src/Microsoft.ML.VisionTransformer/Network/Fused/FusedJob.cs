// The work on one image, step by step, which several threads may do together.
using System.Runtime.ExceptionServices;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>One unit of a step.</summary>
internal delegate void FusedWork(int unit, FusedScratch scratch);

/// <summary>
/// The thread that owns the job runs one step after another; threads that help take units of the step in progress. The owner never waits for a helper to come, only for units that
/// one has begun, so that a processor that is slow, or busy with something else, holds nobody up for longer than a unit takes.
/// </summary>
internal sealed class FusedJob
{
    private volatile Step? _step;
    private volatile bool _over;
    private int _helpers;

    internal bool IsOver => _over;

    /// <summary>How many threads help now.</summary>
    internal int Helpers => Volatile.Read(ref _helpers);

    /// <summary>Runs a step: units 0 .. <paramref name="units"/> - 1, in any order. An error that a unit met on any thread is thrown when nobody works on the step any more. For the owner.</summary>
    internal void Run(int units, FusedScratch scratch, FusedWork work)
    {
        var step = new Step(units, work);
        _step = step;
        step.Take(scratch);
        var wait = new SpinWait();
        while (!step.IsDone)
            wait.SpinOnce(sleep1Threshold: -1);
        step.Error?.Throw();
    }

    /// <summary>No step follows: helpers leave. For the owner.</summary>
    internal void End() => _over = true;

    /// <summary>Takes units of every step until the job is over.</summary>
    internal void Help(FusedScratch scratch)
    {
        Interlocked.Increment(ref _helpers);
        var wait = new SpinWait();
        while (!_over)
        {
            if (_step?.Take(scratch) == true)
                wait.Reset();
            else
                wait.SpinOnce(sleep1Threshold: -1);
        }

        Interlocked.Decrement(ref _helpers);
    }

    private sealed class Step(int units, FusedWork work)
    {
        private int _taken;
        private int _done;
        private ExceptionDispatchInfo? _error;

        /// <summary>The first error.</summary>
        internal ExceptionDispatchInfo? Error => _error;

        internal bool IsDone => Volatile.Read(ref _done) >= units;

        /// <summary>Works on units until none is left; gives whether there was any.</summary>
        internal bool Take(FusedScratch scratch)
        {
            bool any = false;
            while (Volatile.Read(ref _taken) < units)
            {
                int unit = Interlocked.Increment(ref _taken) - 1;
                if (unit >= units)
                    break;
                any = true;
                try
                {
                    work(unit, scratch);
                }
                catch (Exception e)
                {
                    Interlocked.CompareExchange(ref _error, ExceptionDispatchInfo.Capture(e), null);
                }

                Interlocked.Increment(ref _done);
            }

            return any;
        }
    }
}
