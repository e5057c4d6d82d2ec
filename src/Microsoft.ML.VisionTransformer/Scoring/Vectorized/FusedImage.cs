// The steps that encoder blocks consist of for one image, and the job that splits steps among threads.
using System.Runtime.ExceptionServices;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>Splits steps into units for several threads. The result does not depend on how the steps are split, to the last bit.</summary>
/// <param name="memory">The image's workspace.</param>
/// <param name="job">The image's job, owned by this thread.</param>
/// <param name="own">The owner's scratch memory.</param>
/// <param name="parts">The number of units that a matrix product is split into.</param>
/// <param name="int8">Whether weights that were quantized are multiplied in int8.</param>
internal sealed unsafe class FusedImage(FusedWorkspace memory, FusedJob job, FusedScratch own, int parts, bool int8)
{
    /// <summary>Rows per unit of a row-wise step.</summary>
    private const int FewRows = 4 * MatrixTile.Rows;

    /// <summary>Rows whose values of one block of inputs fit the second-level cache, 332 KB: enough for the 197 tokens of a 224-pixel image.</summary>
    private const int ManyRows = 216;

    internal FusedWorkspace Memory => memory;

    /// <summary>Runs a step with the given number of units.</summary>
    internal void Run(int units, FusedWork work) => job.Run(units, own, work);

    /// <summary>Runs a row-wise step; the number of rows is rounded up to whole tiles.</summary>
    internal void ForRows(int rows, Action<int, int> work)
    {
        int padded = MatrixTile.PaddedRows(rows);
        Run((padded + FewRows - 1) / FewRows, (unit, _) => work(unit * FewRows, Math.Min((unit + 1) * FewRows, padded)));
    }

    /// <summary>Layer normalization; the output may be the input.</summary>
    internal void Normalize(FusedRows x, FusedRows to, int rows, int length, NormWeights norm) =>
        ForRows(rows, (first, end) => VectorRows.Normalize(x, to, first, end, length, norm));

    /// <summary>y = a W^T + b, or y += a W^T + b, followed by an activation.</summary>
    internal void Multiply(PackedMatrix weight, FusedRows a, int rows, float* bias, FusedRows y, bool add, MlpActivation? activation = null)
    {
        var product = Prepare(weight, a, rows);
        ForTiles(weight, rows, (row, count, firstPanel, endPanel) =>
        {
            var to = y.From(row);
            product(row, count, bias, to, add, firstPanel, endPanel);
            if (activation is not { } function)
                return;
            float* start = to.Start + (firstPanel * MatrixTile.Columns);
            int columns = (endPanel - firstPanel) * MatrixTile.Columns;
            if (int8)
                VectorActivations.ApplyRoughly(function, start, to.Stride, count, columns);
            else
                VectorActivations.Apply(function, start, to.Stride, count, columns);
        });
    }

    /// <summary>x += gamma (a W^T + b).</summary>
    /// <param name="weight">W.</param>
    /// <param name="a">a.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="bias">b; null for none.</param>
    /// <param name="gamma">LayerScale factors; null for 1.</param>
    /// <param name="x">x.</param>
    /// <param name="free">Scratch rows as wide as x; they are overwritten.</param>
    internal void Add(PackedMatrix weight, FusedRows a, int rows, float* bias, float* gamma, FusedRows x, FusedRows free)
    {
        if (gamma == null)
        {
            Multiply(weight, a, rows, bias, x, add: true);
            return;
        }

        var product = Prepare(weight, a, rows);
        ForTiles(weight, rows, (row, count, firstPanel, endPanel) =>
        {
            product(row, count, bias, free.From(row), add: false, firstPanel, endPanel);
            int column = firstPanel * MatrixTile.Columns, width = (endPanel - firstPanel) * MatrixTile.Columns;
            for (int i = row; i < row + count; i++)
                VectorRows.AddScaled(x.Row(i) + column, free.Row(i) + column, gamma + column, width);
        });
    }

    /// <summary>Quantizes the activations of an int8 product, and returns the product of some rows and outputs.</summary>
    private Product Prepare(PackedMatrix weight, FusedRows a, int rows)
    {
        if (!int8 || weight.Quantized is not { } quantized)
            return (row, count, bias, y, add, first, end) => weight.Multiply(a.From(row), count, bias, y, add, first, end);
        var activations = memory.Quantized;
        ForRows(rows, (first, end) =>
        {
            for (int row = first; row < end; row++)
                activations.Quantize(row, a.Row(row), weight.Inputs);
        });
        return (row, count, bias, y, add, first, end) => quantized.Multiply(quantized.Activations(activations, row), count, bias, y, add, first, end);
    }

    private delegate void Product(int row, int count, float* bias, FusedRows y, bool add, int firstPanel, int endPanel);

    /// <summary>
    /// Runs a step over rows, in whole tiles, and panels of a weight's outputs. The arguments of the work are the first row, the number of rows, the
    /// first panel, and the panel after the last.
    /// </summary>
    private void ForTiles(PackedMatrix weight, int rows, Action<int, int, int, int> work)
    {
        int tiles = MatrixTile.PaddedRows(rows) / MatrixTile.Rows, groups = (weight.Panels + MatrixTile.Group - 1) / MatrixTile.Group;
        int minUnits = ((tiles * MatrixTile.Rows) + ManyRows - 1) / ManyRows;
        int across = Math.Clamp(parts / minUnits, 1, groups), down = Math.Min(Math.Max(minUnits, (parts + across - 1) / across), tiles);
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
/// The owner thread runs one step after another; helper threads take units of the step in progress. The owner never waits for a helper to arrive, only
/// for units that a helper has started. A slow or busy processor therefore delays the job by at most the time of one unit.
/// </summary>
internal sealed class FusedJob
{
    private volatile Step? _step;
    private volatile bool _over;
    private int _helpers;

    internal bool IsOver => _over;

    /// <summary>Number of threads that are helping.</summary>
    internal int Helpers => Volatile.Read(ref _helpers);

    /// <summary>
    /// Runs a step: units 0 .. <paramref name="units"/> - 1, in any order. The first exception thrown by a unit on any thread is rethrown when no thread
    /// works on the step anymore. Called by the owner only.
    /// </summary>
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

    /// <summary>Ends the job and releases the helpers. Called by the owner only.</summary>
    internal void End() => _over = true;

    /// <summary>Runs units of every step until the job is over.</summary>
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

        /// <summary>The first exception.</summary>
        internal ExceptionDispatchInfo? Error => _error;

        internal bool IsDone => Volatile.Read(ref _done) >= units;

        /// <summary>Runs units until none are left; returns whether it ran any.</summary>
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

/// <summary>Runs one unit of a step.</summary>
internal delegate void FusedWork(int unit, FusedScratch scratch);
