// The weights of a linear layer in the order in which products read them.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// W [outputs, inputs]. The inputs are cut into blocks whose panels fit the first-level cache; in a block, panels of 16 outputs follow each other, each
/// input by input. It is the same numbers in another order: <see cref="Unpack"/> gives them back bit for bit.
/// </summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    /// <summary>Inputs of a block: a panel of 24 KB, in a first-level cache of 32 KB.</summary>
    private const int BlockInputs = 384;

    /// <summary>Numbers of a cache line.</summary>
    private const int ValuesPerCacheLine = 16;

    private readonly FloatBuffer _values;

    /// <param name="weight">W, row-major.</param>
    /// <param name="shape">Outputs, a multiple of 16, and what makes up the inputs.</param>
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

    /// <summary>W, row-major, as it was.</summary>
    internal void Unpack(float* weight) => Reorder(weight, toPanels: false);

    /// <summary>W as it was, in a tensor that the caller disposes.</summary>
    internal Tensor Open()
    {
        using var mode = no_grad();
        var weight = empty(Shape, dtype: ScalarType.Float32, device: CPU).DetachFromDisposeScope();
        Unpack(FloatBuffer.Address(weight));
        return weight;
    }

    /// <summary>Panels of 16 outputs.</summary>
    internal int Panels => Outputs / MatrixTile.Columns;

    /// <summary>Some outputs of y = a W^T + b, or of y += a W^T + b: [rows, inputs] to [rows, outputs].</summary>
    /// <param name="a">The first row.</param>
    /// <param name="rows">A multiple of 6, few enough for their numbers of a block to fit the second-level cache.</param>
    /// <param name="bias">b; null for none.</param>
    /// <param name="y">Where the first row goes.</param>
    /// <param name="add">Whether the result is added to what lies there.</param>
    /// <param name="firstPanel">The first panel of outputs.</param>
    /// <param name="endPanel">The panel behind the last.</param>
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

                // Weights come from far away, and from the first tile on all of a panel is needed: the next panels are asked for while these are in use, the last line by the last tile.
                int pace = Math.Max(1, rows / (MatrixTile.Rows * together)), lines = (depth + pace - 1) / pace;
                for (int row = 0; row < rows; row += MatrixTile.Rows, ahead += lines * ValuesPerCacheLine)
                    MatrixTile.Multiply(a.From(row, input), panels, together, depth, y.From(row, output), added, add || !first, ahead, pace);
            }
        }
    }

    public void Dispose() => _values.Dispose();

    private void Reorder(float* weight, bool toPanels) =>
        Parallel.For(0, Panels, panel => Reorder(weight, panel * MatrixTile.Columns, toPanels));

    /// <summary>The panels of 16 outputs.</summary>
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
/// Float32 numbers at one address, which starts a cache line, for as long as the buffer lives. It is a tensor, so that libtorch's allocator gives the memory and leaks show in the
/// count of live tensors.
/// </summary>
internal sealed unsafe class FloatBuffer : IDisposable
{
    private readonly Tensor _values;

    /// <param name="length">How many.</param>
    /// <param name="clear">Whether all are zero at first; else the caller writes them all.</param>
    internal FloatBuffer(long length, bool clear = true)
    {
        using var mode = inference_mode(false);
        ReadOnlySpan<long> shape = [Math.Max(1, length)];
        _values = clear ? zeros(shape, dtype: ScalarType.Float32, device: CPU) : empty(shape, dtype: ScalarType.Float32, device: CPU);
        _values.DetachFromDisposeScope();
        Start = Address(_values);
    }

    /// <summary>Where the first number lies.</summary>
    internal float* Start { get; }

    /// <summary>Where the numbers of a contiguous float32 tensor in main memory lie, as long as the tensor lives.</summary>
    internal static float* Address(Tensor tensor)
    {
        fixed (byte* first = tensor.bytes)
            return (float*)first;
    }

    public void Dispose() => _values.Dispose();
}
