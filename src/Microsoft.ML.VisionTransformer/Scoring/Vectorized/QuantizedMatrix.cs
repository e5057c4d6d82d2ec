// The int8 weights of a linear layer in the order in which int8 products read them.
using System.Runtime.Intrinsics.X86;
using Microsoft.ML.VisionTransformer.Common;
using Microsoft.ML.VisionTransformer.Weights;

namespace Microsoft.ML.VisionTransformer.Scoring.Vectorized;

/// <summary>
/// W [outputs, inputs] as int8, symmetric with one scale per output: w = byte scale. <see cref="ByteTile"/> says in which order the bytes are stored; those of outputs
/// beyond the last and of inputs beyond a multiple of four are zero.
/// </summary>
internal sealed unsafe class QuantizedMatrix : IDisposable
{
    /// <summary>The number of inputs up to which the int32 sums of a product cannot overflow.</summary>
    internal const int MaxInputs = int.MaxValue / (2 * QuantizedRows.Largest * Int8Weights.Largest);

    private readonly FloatBuffer _memory;
    private readonly float* _scales, _noBias;
    private readonly int* _sums;
    private readonly sbyte* _values;
    private readonly int _groups, _inputs;

    /// <param name="weight">W, row-major.</param>
    /// <param name="outputs">Number of outputs.</param>
    /// <param name="inputs">Number of inputs, at most <see cref="MaxInputs"/>.</param>
    internal QuantizedMatrix(float* weight, int outputs, int inputs)
    {
        _inputs = inputs;
        _groups = (inputs + ByteTile.Inputs - 1) / ByteTile.Inputs;
        int padded = MatrixTile.PaddedColumns(outputs);
        _memory = new FloatBuffer((3L * padded) + ((long)padded * _groups));
        _scales = _memory.Start;
        _noBias = _scales + padded;
        _sums = (int*)(_noBias + padded);
        _values = (sbyte*)(_sums + padded);
        Parallel.For(0, padded / MatrixTile.Columns, panel =>
        {
            int first = panel * MatrixTile.Columns;
            Quantize(weight, inputs, first, Math.Min(outputs, first + MatrixTile.Columns));
        });
    }

    /// <summary>Computes some outputs of y = a W^T + b, or of y += a W^T + b.</summary>
    /// <param name="a">The activations; see <see cref="Activations"/>.</param>
    /// <param name="rows">Number of rows, a multiple of 6.</param>
    /// <param name="bias">b, padded to whole panels; null for none.</param>
    /// <param name="y">The first output row.</param>
    /// <param name="add">Whether the result is added to the existing values of y.</param>
    /// <param name="firstPanel">The first panel of outputs.</param>
    /// <param name="endPanel">The panel after the last.</param>
    internal void Multiply(ByteRows a, int rows, float* bias, FusedRows y, bool add, int firstPanel, int endPanel)
    {
        var columns = new ByteColumns(_sums, _scales, bias == null ? _noBias : bias);
        nint panelBytes = (nint)_groups * ByteTile.GroupBytes;
        for (int panel = firstPanel, together; panel < endPanel; panel += together)
        {
            together = ByteTile.Together(endPanel - panel);
            int output = panel * MatrixTile.Columns, tiles = rows / MatrixTile.Rows;
            sbyte* panels = _values + (panel * panelBytes), ahead = panels + (together * panelBytes);
            int lines = ((together * _groups) + tiles - 1) / tiles;
            for (int row = 0; row < rows; row += MatrixTile.Rows)
            {
                // The weights come from main memory: the next panels are prefetched while these are in use, some lines with each tile.
                for (int line = 0; Sse.IsSupported && line < lines; line++, ahead += ByteTile.GroupBytes)
                    Sse.Prefetch1(ahead);
                ByteTile.Multiply(a.From(row), panels, together, columns.From(output), y.From(row, output), add);
            }
        }
    }

    /// <summary>The activations of a product, starting at a row.</summary>
    internal ByteRows Activations(QuantizedRows rows, int first) => rows.From(first, _inputs);

    public void Dispose() => _memory.Dispose();

    /// <summary>Quantizes a panel of outputs.</summary>
    private void Quantize(float* weight, int inputs, int first, int end)
    {
        sbyte[] row = new sbyte[inputs];
        sbyte* panel = _values + ((nint)first * _groups * ByteTile.Inputs);
        for (int output = first; output < end; output++)
        {
            _scales[output] = Int8Weights.Quantize(new ReadOnlySpan<float>(weight + ((nint)output * inputs), inputs), row, ByteTile.AddsPairsInInt16);
            int sum = 0;
            for (int input = 0; input < inputs; input++)
            {
                sum += row[input];
                panel[((nint)(input / ByteTile.Inputs) * ByteTile.GroupBytes) + ((output - first) * ByteTile.Inputs) + (input % ByteTile.Inputs)] = row[input];
            }

            _sums[output] = sum;
        }
    }
}
