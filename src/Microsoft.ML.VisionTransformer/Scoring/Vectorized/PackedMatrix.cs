// The weights of a linear layer in the order in which matrix products read them, and the aligned buffer that holds them.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// W [outputs, inputs]. The inputs are split into blocks whose panels fit the first-level cache. A block is a sequence of panels of 16 outputs, each
/// stored input by input. Packing only reorders the values: <see cref="Unpack"/> restores them bit for bit.
/// </summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    /// <summary>Inputs per block: a panel takes 24 KB of a first-level cache of 32 KB.</summary>
    private const int BlockInputs = 384;

    /// <summary>Float32 values per cache line.</summary>
    private const int ValuesPerCacheLine = 16;

    private readonly FloatBuffer _values;

    /// <param name="weight">W, row-major.</param>
    /// <param name="shape">Outputs, a multiple of 16, followed by the dimensions that make up the inputs.</param>
    internal PackedMatrix(float* weight, params long[] shape)
    {
        Shape = shape;
        Outputs = (int)shape[0];
        Inputs = (int)shape.Skip(1).Aggregate(1L, (all, size) => all * size);
        _values = new FloatBuffer((long)Outputs * Inputs, clear: false);
        Reorder(weight, toPanels: true);
    }

    internal long[] Shape { get; }

    internal int Inputs { get; }

    internal int Outputs { get; }

    /// <summary>Writes W in its original row-major order.</summary>
    internal void Unpack(float* weight) => Reorder(weight, toPanels: false);

    /// <summary>W in its original order, in a new tensor that the caller disposes.</summary>
    internal Tensor Open()
    {
        using var mode = no_grad();
        var weight = empty(Shape, dtype: ScalarType.Float32, device: CPU).DetachFromDisposeScope();
        Unpack(FloatBuffer.Address(weight));
        return weight;
    }

    /// <summary>Number of panels of 16 outputs.</summary>
    internal int Panels => Outputs / MatrixTile.Columns;

    /// <summary>Computes some outputs of y = a W^T + b, or of y += a W^T + b: [rows, inputs] to [rows, outputs].</summary>
    /// <param name="a">The first row.</param>
    /// <param name="rows">A multiple of 6, small enough that the rows' values of a block fit the second-level cache.</param>
    /// <param name="bias">b; null for none.</param>
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
            float* start = _values.Start + ((nint)input * Outputs);
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

    public void Dispose() => _values.Dispose();

    private void Reorder(float* weight, bool toPanels) =>
        Parallel.For(0, Panels, panel => Reorder(weight, panel * MatrixTile.Columns, toPanels));

    /// <summary>Reorders the panels of 16 outputs.</summary>
    private void Reorder(float* weight, int output, bool toPanels)
    {
        for (int block = 0; block < Inputs; block += BlockInputs)
        {
            int depth = Math.Min(BlockInputs, Inputs - block);
            var rows = new FusedRows(weight + ((nint)output * Inputs) + block, Inputs);
            var panel = new FusedRows(_values.Start + ((nint)block * Outputs) + ((nint)output * depth), MatrixTile.Columns);
            if (toPanels)
                MatrixTranspose.Transpose(rows, MatrixTile.Columns, depth, panel);
            else
                MatrixTranspose.Transpose(panel, depth, MatrixTile.Columns, rows);
        }
    }
}

/// <summary>
/// Float32 values at a fixed address that is aligned to a cache line. The memory is a tensor: libtorch's allocator provides it, and leaks show in the
/// count of live tensors.
/// </summary>
internal sealed unsafe class FloatBuffer : IDisposable
{
    private readonly Tensor _values;

    /// <param name="length">Number of values.</param>
    /// <param name="clear">Whether the values start at zero; if false, the caller must write all of them.</param>
    internal FloatBuffer(long length, bool clear = true)
    {
        using var mode = inference_mode(false);
        ReadOnlySpan<long> shape = [Math.Max(1, length)];
        _values = clear ? zeros(shape, dtype: ScalarType.Float32, device: CPU) : empty(shape, dtype: ScalarType.Float32, device: CPU);
        _values.DetachFromDisposeScope();
        Start = Address(_values);
    }

    /// <summary>Address of the first value.</summary>
    internal float* Start { get; }

    /// <summary>Address of the values of a contiguous float32 tensor in main memory; valid until the tensor is disposed.</summary>
    internal static float* Address(Tensor tensor)
    {
        fixed (byte* first = tensor.bytes)
            return (float*)first;
    }

    public void Dispose() => _values.Dispose();
}
