// An image on its way through the blocks: its numbers, its job, and the steps that all blocks are made of.
using System.Runtime.ExceptionServices;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>Cuts steps into units that several threads can share. What a unit computes for a number is the same however the steps are cut.</summary>
/// <param name="memory">The image's numbers.</param>
/// <param name="job">Its job, which this thread owns.</param>
/// <param name="own">The owner's memory.</param>
/// <param name="parts">Into how many units a product is cut.</param>
internal sealed unsafe class FusedImage(FusedWorkspace memory, FusedJob job, FusedScratch own, int parts)
{
    /// <summary>Rows of a unit that concerns each row alone.</summary>
    private const int FewRows = 4 * MatrixTile.Rows;

    /// <summary>Rows whose numbers of one block of inputs fit the second-level cache, 332 KB: the 197 tokens of an image of the usual size.</summary>
    private const int ManyRows = 216;

    internal FusedWorkspace Memory => memory;

    /// <summary>Runs a step of so many units.</summary>
    internal void Run(int units, FusedWork work) => job.Run(units, own, work);

    /// <summary>A step that concerns each row alone; rows are rounded up to whole tiles.</summary>
    internal void ForRows(int rows, Action<int, int> work)
    {
        int padded = MatrixTile.PaddedRows(rows);
        Run((padded + FewRows - 1) / FewRows, (unit, _) => work(unit * FewRows, Math.Min((unit + 1) * FewRows, padded)));
    }

    /// <summary>Layer normalisation; rows may be their own result.</summary>
    internal void Normalize(FusedRows x, FusedRows to, int rows, int length, NormWeights norm) =>
        ForRows(rows, (first, end) => VectorRows.Normalize(x, to, first, end, length, norm));

    /// <summary>y = a W^T + b, or y += a W^T + b, and an activation.</summary>
    internal void Multiply(PackedMatrix weight, FusedRows a, int rows, float* bias, FusedRows y, bool add, MlpActivation? activation = null) =>
        ForTiles(weight, rows, (row, count, firstPanel, endPanel) =>
        {
            var to = y.From(row);
            weight.Multiply(a.From(row), count, bias, to, add, firstPanel, endPanel);
            if (activation is { } function)
                VectorActivations.Apply(function, to.Start + (firstPanel * MatrixTile.Columns), to.Stride, count, (endPanel - firstPanel) * MatrixTile.Columns);
        });

    /// <summary>x += gamma (a W^T + b).</summary>
    /// <param name="weight">W.</param>
    /// <param name="a">a.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="bias">b; null for none.</param>
    /// <param name="gamma">Factors; null for 1.</param>
    /// <param name="x">x.</param>
    /// <param name="free">Rows as wide as x that may be overwritten.</param>
    internal void Add(PackedMatrix weight, FusedRows a, int rows, float* bias, float* gamma, FusedRows x, FusedRows free)
    {
        if (gamma == null)
        {
            Multiply(weight, a, rows, bias, x, add: true);
            return;
        }

        ForTiles(weight, rows, (row, count, firstPanel, endPanel) =>
        {
            weight.Multiply(a.From(row), count, bias, free.From(row), add: false, firstPanel, endPanel);
            int column = firstPanel * MatrixTile.Columns, width = (endPanel - firstPanel) * MatrixTile.Columns;
            for (int i = row; i < row + count; i++)
                VectorRows.AddScaled(x.Row(i) + column, free.Row(i) + column, gamma + column, width);
        });
    }

    /// <summary>A step over rows, in whole tiles, and panels of a weight's outputs: first row, how many, first panel, panel behind the last.</summary>
    private void ForTiles(PackedMatrix weight, int rows, Action<int, int, int, int> work)
    {
        int tiles = MatrixTile.PaddedRows(rows) / MatrixTile.Rows, groups = (weight.Panels + MatrixTile.Group - 1) / MatrixTile.Group;
        int least = ((tiles * MatrixTile.Rows) + ManyRows - 1) / ManyRows;
        int across = Math.Clamp(parts / least, 1, groups), down = Math.Min(Math.Max(least, (parts + across - 1) / across), tiles);
        Run(down * across, (unit, _) =>
        {
            int i = unit / across, j = unit % across;
            int first = tiles * i / down, end = tiles * (i + 1) / down;
            work(first * MatrixTile.Rows, (end - first) * MatrixTile.Rows, FirstPanel(j), FirstPanel(j + 1));
        });

        int FirstPanel(int part) => Math.Min(groups * part / across * MatrixTile.Group, weight.Panels);
    }
}

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

/// <summary>One unit of a step.</summary>
internal delegate void FusedWork(int unit, FusedScratch scratch);
