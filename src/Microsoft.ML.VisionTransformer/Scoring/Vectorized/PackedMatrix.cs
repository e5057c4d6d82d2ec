// The weights of a linear layer in the order in which matrix products read them.
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Weights;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// W [outputs, inputs]. The inputs are split into blocks whose panels fit the first-level cache. A block is a sequence of panels of 16 outputs, each
/// stored input by input; the last panel is padded with zeros. Packing only reorders the values: <see cref="Unpack"/> restores them bit for bit.
/// </summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    /// <summary>Inputs per block: a panel takes 24 KB of a first-level cache of 32 KB.</summary>
    private const int BlockInputs = 384;

    /// <summary>Float32 values per cache line.</summary>
    private const int ValuesPerCacheLine = 16;

    private readonly FloatBuffer _values;

    /// <param name="weight">W, row-major.</param>
    /// <param name="shape">Outputs, followed by the dimensions that make up the inputs.</param>
    internal PackedMatrix(float* weight, params long[] shape)
    {
        Shape = shape;
        Outputs = (int)shape[0];
        Inputs = (int)shape.Skip(1).Aggregate(1L, (all, size) => all * size);
        _values = new FloatBuffer((long)PaddedOutputs * Inputs, clear: PaddedOutputs > Outputs);
        Reorder(weight, toPanels: true);
    }

    internal long[] Shape { get; }

    /// <summary>The same weights in int8; null unless <see cref="Quantize"/> was called and int32 can hold the sums.</summary>
    internal QuantizedMatrix? Quantized { get; private set; }

    internal int Inputs { get; }

    internal int Outputs { get; }

    /// <summary>Outputs in whole panels; the weights of those beyond <see cref="Outputs"/> are zero.</summary>
    internal int PaddedOutputs => MatrixTile.PaddedColumns(Outputs);

    /// <summary>Writes W in its original row-major order.</summary>
    internal void Unpack(float* weight) => Reorder(weight, toPanels: false);

    /// <summary>W in its original order, as a copy that the caller disposes.</summary>
    internal OpenWeight Open()
    {
        var weight = new FloatBuffer((long)Outputs * Inputs, clear: false);
        Unpack(weight.Start);
        return OpenWeight.Of(weight);
    }

    /// <summary>Creates <see cref="Quantized"/>. Not thread-safe; products in progress do not use it yet.</summary>
    internal void Quantize()
    {
        if (Quantized is not null || Inputs > QuantizedMatrix.MaxInputs)
            return;
        using var weight = new FloatBuffer((long)Outputs * Inputs, clear: false);
        Unpack(weight.Start);
        Quantized = new QuantizedMatrix(weight.Start, Outputs, Inputs);
    }

    /// <summary>Number of panels of 16 outputs.</summary>
    internal int Panels => PaddedOutputs / MatrixTile.Columns;

    /// <summary>Computes some outputs of y = a W^T + b, or of y += a W^T + b: [rows, inputs] to [rows, padded outputs].</summary>
    /// <param name="a">The first row.</param>
    /// <param name="rows">A multiple of 6, small enough that the rows' values of a block fit the second-level cache.</param>
    /// <param name="bias">b, padded to whole panels; null for none.</param>
    /// <param name="y">The first output row.</param>
    /// <param name="add">Whether the result is added to the existing values of y.</param>
    /// <param name="firstPanel">The first panel of outputs.</param>
    /// <param name="endPanel">The panel after the last.</param>
    internal void Multiply(FusedRows a, int rows, float* bias, FusedRows y, bool add, int firstPanel, int endPanel)
    {
        for (int input = 0; input < Inputs; input += BlockInputs)
        {
            int depth = Math.Min(BlockInputs, Inputs - input);
            bool first = input == 0;
            float* start = _values.Start + ((nint)input * PaddedOutputs);
            for (int panel = firstPanel, together; panel < endPanel; panel += together)
            {
                together = MatrixTile.Together(endPanel - panel);
                int output = panel * MatrixTile.Columns;
                float* panels = start + ((nint)output * depth), ahead = panels + (together * MatrixTile.Columns * depth);
                float* added = first && bias != null ? bias + output : null;

                // The weights come from main memory, and the first tile already needs a whole panel: prefetch the next panels while these are in use, the
                // last line with the last tile.
                int pace = Math.Max(1, rows / (MatrixTile.Rows * together)), lines = (depth + pace - 1) / pace;
                for (int row = 0; row < rows; row += MatrixTile.Rows, ahead += lines * ValuesPerCacheLine)
                    MatrixTile.Multiply(a.From(row, input), panels, together, depth, y.From(row, output), added, add || !first, ahead, pace);
            }
        }
    }

    public void Dispose()
    {
        Quantized?.Dispose();
        _values.Dispose();
    }

    private void Reorder(float* weight, bool toPanels) =>
        Parallel.For(0, Panels, panel => Reorder(weight, panel * MatrixTile.Columns, toPanels));

    /// <summary>Reorders the panels of 16 outputs.</summary>
    private void Reorder(float* weight, int output, bool toPanels)
    {
        int outputs = Math.Min(MatrixTile.Columns, Outputs - output);
        for (int block = 0; block < Inputs; block += BlockInputs)
        {
            int depth = Math.Min(BlockInputs, Inputs - block);
            var rows = new FusedRows(weight + ((nint)output * Inputs) + block, Inputs);
            var panel = new FusedRows(_values.Start + ((nint)block * PaddedOutputs) + ((nint)output * depth), MatrixTile.Columns);
            if (toPanels)
                MatrixTranspose.Transpose(rows, outputs, depth, panel);
            else
                MatrixTranspose.Transpose(panel, depth, outputs, rows);
        }
    }
}
